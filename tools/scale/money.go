package main

// price is what a unit costs, and where that is said.
type price struct {
	USD    float64 `json:"usd"`
	Unit   string  `json:"unit"`
	Source string  `json:"source"`
}

type prices struct {
	Region         string  `json:"region"`
	Hours          float64 `json:"hours"`
	FargateVCPU    price   `json:"fargate_vcpu"`
	FargateGB      price   `json:"fargate_gb"`
	AuroraACU      price   `json:"aurora_acu"`
	AuroraGB       price   `json:"aurora_gb"`
	CacheR7gLarge  price   `json:"cache_r7g_large"`
	CacheT4gMedium price   `json:"cache_t4g_medium"`
	M7gLarge       price   `json:"m7g_large"`
	M7g2xlarge     price   `json:"m7g_2xlarge"`
	EBSGB          price   `json:"ebs_gb"`
	EKS            price   `json:"eks"`
	NAT            price   `json:"nat"`
	Balancer       price   `json:"balancer"`
	BalancerLCU    price   `json:"balancer_lcu"`
	Gateway        price   `json:"gateway"`
	EdgeRequests   price   `json:"edge_requests"`
	EdgeGB         price   `json:"edge_gb"`
	FirewallFixed  price   `json:"firewall_fixed"`
	Firewall       price   `json:"firewall"`
	BotsCommon     price   `json:"bots_common"`
	BotsTargeted   price   `json:"bots_targeted"`
	LogsGB         price   `json:"logs_gb"`
	TemporalAction price   `json:"temporal_actions"`
}

// all gives the prices in the order of the document.
func (p prices) all() []price {
	return []price{
		p.FargateVCPU, p.FargateGB, p.AuroraACU, p.AuroraGB, p.CacheR7gLarge, p.CacheT4gMedium, p.M7gLarge, p.M7g2xlarge, p.EBSGB,
		p.EKS, p.NAT, p.Balancer, p.BalancerLCU, p.Gateway, p.EdgeRequests, p.EdgeGB, p.FirewallFixed, p.Firewall, p.BotsCommon,
		p.BotsTargeted, p.LogsGB, p.TemporalAction,
	}
}

// item is a line of the bill of a month.
type item struct {
	Name     string
	Standing float64 // what is there all the time
	Peaks    float64 // what the on-sales of a month add
}

// bill is what a month costs: quiet hours with few pods, and the on-sales, with
// Temporal in the cluster and CloudFront in front.
func (m *model) bill(p plan) []item {
	c, a := m.prices, m.assumed
	hours := a.Peaks.AMonth * a.Peaks.HoursEach
	quiet := m.plan(max(p.Rate*a.QuietShare, 50), true)
	fargate := func(pods, vcpu, gb float64) float64 { return pods * (vcpu*c.FargateVCPU.USD + gb*c.FargateGB.USD) }
	pods := func(p plan) float64 {
		const others = 16 // payments, sales, finance, cdc, search, waiting room, controllers: two each
		return fargate(p.API.Pods+p.Workers.Pods+others, 1, 2) + fargate(p.Temporal.Pods, 2, 4)
	}
	readers := 2.0 // another that can take over, and what reports read
	databases := func(p plan) float64 { return (p.ACU*(1+readers/2) + p.TemporalACU*2) * c.AuroraACU.USD }
	node := map[string]float64{"m7g.large": c.M7gLarge.USD, "m7g.2xlarge": c.M7g2xlarge.USD}[p.SearchInstance]

	// The average of a peak, in millions of requests a month.
	millions := p.Rate * a.Peaks.AverageOfPeak * hours * 3600 / 1e6
	quietMillions := quiet.Rate * c.Hours * 3600 * 0.1 / 1e6 // nights, and most of the days
	guarded := (p.Purchases*3 + p.Holds) * a.Peaks.AverageOfPeak * hours * 3600 / 1e6
	lcus := max((p.Origin+p.Purchases*3)/25/10, p.Watchers/3000, p.Events*m.measured.Stream.BytesAnEvent*3600/1e9)
	workflows := (p.Purchases + p.Holds) * a.Peaks.AverageOfPeak * hours * 3600
	stored := workflows * (m.measured.Purchase.HistoryBytes + 4000) / 1e9 * 12 // a year of bookings and histories
	return []item{
		{"Fargate: API, workers, Temporal", pods(quiet) * c.Hours, (pods(p) - pods(quiet)) * hours},
		{"Aurora: catalogue, sales, Temporal", databases(quiet)*c.Hours + stored*c.AuroraGB.USD, (databases(p) - databases(quiet)) * hours},
		{"ElastiCache, two replicas a shard", p.Redis.Pods * 3 * c.CacheR7gLarge.USD * c.Hours, 0},
		{"Elasticsearch's nodes and disks", p.SearchNodes * (node*c.Hours + 200*c.EBSGB.USD), 0},
		{"EKS, NAT, load balancer", (c.EKS.USD + 3*c.NAT.USD + c.Balancer.USD) * c.Hours, lcus * c.BalancerLCU.USD * hours},
		{"CloudFront", quietMillions * c.EdgeRequests.USD, millions*c.EdgeRequests.USD + p.OutGB*a.Peaks.AverageOfPeak*hours*3600*c.EdgeGB.USD},
		{"WAF with bot control (common)", c.FirewallFixed.USD + quietMillions*(c.Firewall.USD+c.BotsCommon.USD), millions * (c.Firewall.USD + c.BotsCommon.USD)},
		{"API Gateway", 0, guarded * c.Gateway.USD},
		{"Logs", 30 * c.LogsGB.USD, (guarded*1000 + workflows/1000) / 1e6 * 1000 * c.LogsGB.USD},
	}
}

// cloud is what Temporal Cloud would want for the workflows of a month: a start, an
// update, a timer or a signal, and search attributes, for each.
func (m *model) cloud(p plan) float64 {
	a := m.assumed
	const actions = 4
	workflows := (p.Purchases + p.Holds) * a.Peaks.AverageOfPeak * a.Peaks.AMonth * a.Peaks.HoursEach * 3600
	return workflows * actions / 1e6 * m.prices.TemporalAction.USD
}
