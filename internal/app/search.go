package app

import (
	"context"
	"fmt"
	"slices"

	"yourticket.example/api"
	"yourticket.example/internal/config"
	"yourticket.example/internal/elastic"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/search"
)

// newSearch makes the search service, where it is served, and lets it look
// after the index until background ends. It gives the index as a part, too,
// if there is one: searches go on without it.
func (s *stores) newSearch(background context.Context, cfg config.Config, services []string) (*search.Service, []api.Part, error) {
	if len(services) > 0 && !slices.Contains(services, "search") {
		return nil, nil, nil
	}
	o := search.Options{Database: postgres.NewSearch(s.catalogueDB), Registerer: s.registry}
	if !cfg.ElasticsearchURL.IsZero() {
		client, err := elastic.Open(cfg.ElasticsearchURL.Reveal(), elastic.Options{Instrument: s.tracing.Transport("elasticsearch")})
		if err != nil {
			return nil, nil, fmt.Errorf("ELASTICSEARCH_URL: %w", err)
		}
		o.Index = elastic.NewSearch(client, elastic.Alias)
	}
	service, err := search.New(o)
	if err != nil {
		return nil, nil, err
	}
	go service.Run(background)
	if o.Index == nil {
		return service, nil, nil
	}
	return service, []api.Part{{Name: "elasticsearch", Ping: service.Ping}}, nil
}

// searchDeps leaves an interface nil where nothing is served.
func searchDeps(service *search.Service) (deps api.SearchDeps, degraded func() []string) {
	if service == nil {
		return deps, nil
	}
	return api.SearchDeps{Search: service}, func() []string {
		if service.Limited() {
			return []string{"search"}
		}
		return nil
	}
}
