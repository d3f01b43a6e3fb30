package api

import (
	"fmt"
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
)

// service is a part of the API that can be deployed on its own.
type service struct {
	name     string
	register func(*Server, huma.API)
	// needs gives the dependencies by name; those that are nil are reported.
	needs func(Deps) map[string]any
}

// services is the table from which help texts, the default and the validation
// of service names derive.
var services = []service{
	{"gateway", (*Server).registerAccounts, func(d Deps) map[string]any {
		return map[string]any{"Accounts": d.Accounts, "Keys": d.Keys, "Secrets": d.Secrets, "Requests": d.Requests, "Persons": d.Persons}
	}},
	{"events", (*Server).registerCatalogue, func(d Deps) map[string]any {
		return map[string]any{
			"Requests": d.Requests, "Events": d.Events, "Catalogue": d.Catalogue, "Availability": d.Availability, "Blocks": d.Blocks,
			"SalesBooks": d.SalesBooks,
		}
	}},
	{"search", (*Server).registerSearch, func(d Deps) map[string]any {
		return map[string]any{"Search": d.Search, "Availability": d.Availability}
	}},
	{"waiting-room", (*Server).registerQueue, func(d Deps) map[string]any {
		return map[string]any{"Rooms": d.Rooms, "Events": d.Events}
	}},
	{"bookings", (*Server).registerBookings, func(d Deps) map[string]any {
		return map[string]any{
			"Purchases": d.Purchases, "Refunds": d.Refunds, "Books": d.Books, "Live": d.Live, "Plans": d.Plans, "Codes": d.Codes,
			"Tickets": d.Tickets, "People": d.People,
		}
	}},
	{"finance", (*Server).registerFinance, func(d Deps) map[string]any {
		return map[string]any{
			"Requests": d.Requests, "Reconciliations": d.Reconciliations, "Reconciler": d.Reconciler, "Ledgers": d.Ledgers, "Plans": d.Plans,
		}
	}},
	{"door", (*Server).registerDoor, func(d Deps) map[string]any {
		return map[string]any{"Checkins": d.Checkins, "Scanner": d.Scanner, "Plans": d.Plans}
	}},
}

// ServiceNames lists the services in the order of the table.
func ServiceNames() []string {
	names := make([]string, len(services))
	for i, svc := range services {
		names[i] = svc.name
	}
	return names
}

// mount registers the named services, and what every process serves: health,
// metrics, the contract and its reference page.
func (s *Server) mount(router chi.Router, names []string) error {
	if len(names) == 0 {
		names = ServiceNames()
	}
	for _, name := range names {
		i := slices.IndexFunc(services, func(svc service) bool { return svc.name == name })
		if i < 0 {
			return fmt.Errorf("api: no service is named %q; there are %v", name, ServiceNames())
		}
		needs := services[i].needs(s.deps)
		for _, need := range slices.Sorted(maps.Keys(needs)) {
			if needs[need] == nil {
				return fmt.Errorf("api: service %s needs %s", name, need)
			}
		}
		services[i].register(s, s.api)
	}
	if err := s.mountUpstreams(router, names); err != nil {
		return err
	}
	s.registerStatus(s.api)
	s.mountHealth(router)
	if slices.Contains(names, "gateway") {
		if err := s.mountWeb(router); err != nil {
			return err
		}
	}
	return s.mountDocs(router)
}
