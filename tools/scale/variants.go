package main

import (
	"fmt"
	"io"
)

// variant is what one of the variants of deploy/terraform has when nobody buys.
type variant struct {
	Pods        float64 `json:"pods"`        // 1 vCPU, 2 GB
	LittlePods  float64 `json:"little_pods"` // the least that Fargate has: 0.25 vCPU, 0.5 GB
	Clusters    float64 `json:"clusters"`
	Instances   float64 `json:"instances"` // of each cluster
	MinACU      float64 `json:"min_acu"`
	Standbys    float64 `json:"standbys"` // of half an ACU
	CacheNode   string  `json:"cache_node"`
	CacheNodes  float64 `json:"cache_nodes"`
	SearchNode  string  `json:"search_node"`
	SearchNodes float64 `json:"search_nodes"`
	SearchGB    float64 `json:"search_gb"`
	NATs        float64 `json:"nats"`
}

type variants struct {
	From  string  `json:"from"`
	Small variant `json:"small"`
	Large variant `json:"large"`
}

// rest is the bill of a month without an on-sale.
func (m *model) rest(v variant) []item {
	c := m.prices
	node := map[string]float64{"m7g.large": c.M7gLarge.USD, "m7g.2xlarge": c.M7g2xlarge.USD}[v.SearchNode]
	cache := map[string]float64{"cache.t4g.medium": c.CacheT4gMedium.USD, "cache.r7g.large": c.CacheR7gLarge.USD}[v.CacheNode]
	return []item{
		{"Fargate: services, fleets, controllers", ((v.Pods+v.LittlePods/4)*c.FargateVCPU.USD + (v.Pods*2+v.LittlePods/2)*c.FargateGB.USD) * c.Hours, 0},
		{"Aurora at its least", (v.Clusters*v.Instances*v.MinACU + v.Standbys/2) * c.AuroraACU.USD * c.Hours, 0},
		{"ElastiCache", v.CacheNodes * cache * c.Hours, 0},
		{"Elasticsearch's nodes and disks", v.SearchNodes * (node*c.Hours + v.SearchGB*c.EBSGB.USD), 0},
		{"EKS, NAT, load balancer", (c.EKS.USD + v.NATs*c.NAT.USD + c.Balancer.USD) * c.Hours, 0},
		{"WAF", c.FirewallFixed.USD, 0},
	}
}

func (m *model) atRest(w io.Writer) {
	v := m.variants
	fmt.Fprintf(w, "### What the variants cost at rest\n\nUS dollars a month of `deploy/terraform` before anybody buys anything, by %s, with Temporal Cloud "+
		"and the same prices. `large` is larger than what the table above works out, so that a sale which nobody has scaled up for finds it ready; "+
		"`sizes.tf` is where to make it smaller.\n\n", v.From)
	row(w, "", "small", "large")
	rule(w, 3)
	small, large := m.rest(v.Small), m.rest(v.Large)
	var a, b float64
	for i := range small {
		row(w, small[i].Name, dollars(small[i].Standing), dollars(large[i].Standing))
		a, b = a+small[i].Standing, b+large[i].Standing
	}
	row(w, "**together**", "**"+dollars(a)+"**", "**"+dollars(b)+"**")
	fmt.Fprintln(w)
}
