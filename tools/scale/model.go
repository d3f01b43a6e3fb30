package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
)

// The four files that everything follows from.
var (
	//go:embed measured.json
	measuredJSON []byte
	//go:embed assumed.json
	assumedJSON []byte
	//go:embed prices.json
	pricesJSON []byte
	//go:embed variants.json
	variantsJSON []byte
)

type model struct {
	measured measured
	assumed  assumed
	prices   prices
	variants variants
}

// route is one kind of request of an on-sale's crowd.
type route struct {
	Name     string  `json:"name"`
	Share    float64 `json:"share"`
	APIUs    float64 `json:"api_us"`
	BehindUs float64 `json:"behind_us"`
	Bytes    float64 `json:"bytes"`
	Kept     bool    `json:"kept"` // by CloudFront, for as long as Cache-Control says
}

// workflow is what one purchase, or one hold that is given up, costs each part, in
// ms of CPU.
type workflow struct {
	APIMs        float64 `json:"api_ms"`
	WorkerMs     float64 `json:"worker_ms"`
	TemporalMs   float64 `json:"temporal_ms"`
	TemporalDBMs float64 `json:"temporal_db_ms"`
	PostgresMs   float64 `json:"postgres_ms"`
	RedisMs      float64 `json:"redis_ms"`
	HistoryBytes float64 `json:"history_bytes"`
	Events       float64 `json:"events"`
}

type measured struct {
	From     string   `json:"from"`
	Routes   []route  `json:"routes"`
	Purchase workflow `json:"purchase"`
	Hold     workflow `json:"hold"`
	Stream   struct {
		CPUUsAnEvent float64 `json:"cpu_us_an_event"`
		BytesAClient float64 `json:"bytes_a_client"`
		TickMs       float64 `json:"tick_ms"`
		BytesAnEvent float64 `json:"bytes_an_event"`
	} `json:"stream"`
	UncachedSearchMs struct {
		Elasticsearch float64 `json:"elasticsearch"`
		API           float64 `json:"api"`
	} `json:"uncached_search_ms"`
}

type assumed struct {
	Headroom          string             `json:"headroom"`
	Busy              float64            `json:"busy"`
	Zones             float64            `json:"zones"`
	BusyWithoutAZone  float64            `json:"busy_without_a_zone"`
	PurchasesARequest float64            `json:"purchases_a_request"`
	HoldsGivenUp      float64            `json:"holds_given_up_a_purchase"`
	SessionS          float64            `json:"session_s"`
	EdgeLocations     float64            `json:"edge_locations"`
	HotURLs           map[string]float64 `json:"hot_urls"`
	UncachedSearches  float64            `json:"uncached_searches"`
	RedisBusy         float64            `json:"redis_busy"`
	ACUACore          float64            `json:"postgres_acu_a_core"`
	ShardCommits      float64            `json:"shard_commits_a_second"`
	HistoryWrites     float64            `json:"history_writes_a_purchase"`
	HistoryWriteMs    float64            `json:"history_write_ms"`
	HistoryShardBusy  float64            `json:"history_shard_busy"`
	SearchCores       map[string]float64 `json:"elasticsearch_cores_a_node"`
	CallsAPurchase    float64            `json:"provider_calls_a_purchase"`
	Payments          map[string]float64 `json:"payments"`
	LimitScriptUs     float64            `json:"limit_script_us"`
	QuietShare        float64            `json:"quiet_share"`
	Peaks             struct {
		AMonth        float64 `json:"a_month"`
		HoursEach     float64 `json:"hours_each"`
		AverageOfPeak float64 `json:"average_of_peak"`
	} `json:"peaks"`
}

func open() (*model, error) {
	var m model
	for _, f := range []struct {
		name string
		text []byte
		into any
	}{{"measured.json", measuredJSON, &m.measured}, {"assumed.json", assumedJSON, &m.assumed}, {"prices.json", pricesJSON, &m.prices}, {"variants.json", variantsJSON, &m.variants}} {
		d := json.NewDecoder(bytes.NewReader(f.text))
		d.DisallowUnknownFields()
		if err := d.Decode(f.into); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	var all float64
	for _, r := range m.measured.Routes {
		all += r.Share
	}
	if all < 0.999 || all > 1.001 {
		return nil, errors.New("measured.json: the shares of the routes do not add up to one")
	}
	return &m, nil
}
