package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

func show(r *report, o options) {
	c := r.Crowd
	fmt.Printf("\ncrowd: %d/s for %d s: %d answered, %d errors %v, p50 %.2f ms, p99 %.2f ms, max %.0f ms; %.1f µs of the api's CPU each\n",
		o.rate, o.seconds, c.Answered, c.Errors, c.Faults, c.P50, c.P99, c.Max, r.CPUus)
	for _, route := range c.Routes {
		fmt.Printf("  %-14s %9d answered  p50 %6.2f ms  p99 %6.2f ms\n", route.Name, route.Answered, route.P50, route.P99)
	}
	fmt.Printf("purchases: %.1f/s alone, %.1f/s beside the crowd (p50 %.0f ms)\n", r.Alone.Rate, r.Beside.Rate, r.Beside.P50)
	fmt.Print("processors taken beside the crowd:")
	for _, name := range slices.SortedFunc(maps.Keys(r.Busy), func(a, b string) int { return cmp.Compare(r.Busy[b], r.Busy[a]) }) {
		fmt.Printf(" %s %.2f", name, r.Busy[name])
	}
	fmt.Println("\nsellout:", r.Sellout)
	for _, k := range r.Costs {
		fmt.Printf("cost: %-14s %6.1f µs of the api's CPU, %6.1f µs behind it\n", k.Name, k.API, k.Behind)
	}
	for _, k := range r.Knee {
		fmt.Printf("knee: %6d/s planned, %6.0f/s answered, p99 %7.1f ms; the api takes %2.0f %% of the machine, this generator %2.0f %%, idle %2.0f %%; busiest: %s\n",
			k.Rate, float64(k.Answered)/k.Seconds, k.P99, 100*k.Busy[crowdProcess], 100*k.Busy["load"], 100*max(0, k.Idle), k.First)
	}
	for _, m := range r.Missed {
		fmt.Println("MISSED:", m)
	}
}
