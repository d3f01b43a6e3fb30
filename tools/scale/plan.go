package main

import "math"

// pool is a number of equal servers that share what comes, and what comes.
type pool struct {
	Name    string
	Servers float64 // processors, or threads where a server has one only
	Pods    float64
	Rate    float64 // a second
	MeanMs  float64 // of a processor, each
	// Most is the share of the time that its processors may be busy at the peak;
	// WaitMs bounds how long 99 of 100 wait for one.
	Most, WaitMs float64
}

// busy is the share of the time that its servers work.
func (p pool) busy() float64 { return p.Rate * p.MeanMs / 1000 / p.Servers }

// plan is what a rate of requests needs.
type plan struct {
	Rate, Origin         float64
	Purchases, Holds     float64
	Watchers, Events     float64
	API, Workers         pool
	Temporal             pool
	TemporalDB, Postgres pool
	Redis, Search        pool
	HistoryShards        float64
	SalesShards          float64
	ACU, TemporalACU     float64
	SearchNodes          float64
	SearchInstance       string
	StripeCalls          float64
	OutGB                float64 // a second, by CloudFront
	Uncached             float64
}

// plan works out what a rate needs, with CloudFront in front or without.
func (m *model) plan(rate float64, edge bool) plan {
	a, c := m.assumed, m.measured
	p := plan{Rate: rate, Purchases: rate * a.PurchasesARequest}
	p.Holds = p.Purchases * a.HoldsGivenUp
	p.Watchers = (p.Purchases + p.Holds) * a.SessionS
	p.Events = p.Watchers * 1000 / c.Stream.TickMs

	var apiUs, redisUs, bytes float64
	for _, r := range c.Routes {
		asked := rate * r.Share
		bytes += asked * r.Bytes
		if edge && r.Kept {
			asked = min(asked, a.HotURLs[r.Name]*a.EdgeLocations)
		}
		p.Origin += asked
		apiUs += asked * r.APIUs
		redisUs += asked * a.LimitScriptUs
		if !r.Kept {
			redisUs += asked * r.BehindUs
		}
		if r.Name == "search" {
			p.Uncached = asked * a.UncachedSearches
		}
	}
	apiUs += p.Events*c.Stream.CPUUsAnEvent + p.Uncached*c.UncachedSearchMs.API*1000 + 1000*p.both(c, func(w workflow) float64 { return w.APIMs })
	p.OutGB = (bytes + p.Events*c.Stream.BytesAnEvent) / 1e9
	started := p.Purchases + p.Holds

	p.API = m.sized("api", p.Origin+p.Events+started, apiUs/1000, 1, 3, 20)
	p.Workers = m.sized("worker, purchases", started, p.both(c, func(w workflow) float64 { return w.WorkerMs }), 1, 3, 50)
	p.Temporal = m.sized("Temporal's server", started, p.both(c, func(w workflow) float64 { return w.TemporalMs }), 2, 3, 100)
	p.TemporalDB = m.sized("Temporal's PostgreSQL", started, p.both(c, func(w workflow) float64 { return w.TemporalDBMs }), 1, 1, 100)
	p.Postgres = m.sized("PostgreSQL, sales", started, p.both(c, func(w workflow) float64 { return w.PostgresMs }), 1, 1, 50)
	p.TemporalACU = math.Ceil(p.TemporalDB.Servers) * a.ACUACore
	p.ACU = math.Ceil(p.Postgres.Servers) * a.ACUACore
	p.SalesShards = max(1, math.Ceil(started/a.ShardCommits))

	redisMs := redisUs/1000 + p.both(c, func(w workflow) float64 { return w.RedisMs })
	p.Redis = pool{Name: "Redis", Rate: p.Origin + started, MeanMs: redisMs / (p.Origin + started), Most: a.RedisBusy * a.Zones / (a.Zones - 1), WaitMs: 10}
	p.Redis.Servers = max(2, math.Ceil(redisMs/1000/a.RedisBusy))
	p.Redis.Pods = p.Redis.Servers

	size := "small"
	if p.Uncached*c.UncachedSearchMs.Elasticsearch/1000 > 3*a.SearchCores["small"]*a.Busy {
		size = "large"
	}
	p.Search = m.sized("Elasticsearch", p.Uncached, p.Uncached*c.UncachedSearchMs.Elasticsearch, a.SearchCores[size], 3, 100)
	p.SearchNodes, p.SearchInstance = p.Search.Pods, map[string]string{"small": "m7g.large", "large": "m7g.2xlarge"}[size]

	// A history shard writes one thing after the other; their number can never be
	// changed, and is a power of two.
	shards := started * a.HistoryWrites * a.HistoryWriteMs / 1000 / a.HistoryShardBusy
	p.HistoryShards = max(512, math.Pow(2, math.Ceil(math.Log2(shards))))
	p.StripeCalls = p.Purchases * a.CallsAPurchase
	return p
}

// both is what purchases and holds that are given up cost a part, in ms a second.
func (p plan) both(c measured, of func(workflow) float64) float64 {
	return p.Purchases*of(c.Purchase) + p.Holds*of(c.Hold)
}

// sized gives a pool as few pods of so many processors as it takes to be busy no
// more than it may, with all zones and without the fullest of them.
func (m *model) sized(name string, rate, msASecond, processors, least, waitMs float64) pool {
	p := pool{Name: name, Rate: rate, MeanMs: msASecond / rate, Most: m.assumed.Busy, WaitMs: waitMs}
	for p.Pods = least; ; p.Pods++ {
		p.Servers = p.Pods * processors
		if p.busy() <= p.Most && m.withoutAZone(p).busy() <= m.assumed.BusyWithoutAZone {
			return p
		}
	}
}

// withoutAZone is what is left of a pool when the zone is gone that has most of
// its pods: of four, two.
func (m *model) withoutAZone(p pool) pool {
	left := max(1, p.Pods-math.Ceil(p.Pods/m.assumed.Zones))
	p.Servers *= left / p.Pods
	p.Pods, p.Most = left, m.assumed.BusyWithoutAZone
	return p
}
