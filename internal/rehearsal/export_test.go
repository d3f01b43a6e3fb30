package rehearsal

import (
	"fmt"
	"time"
)

// Crowd describes the buyers that a seed makes, and when they come.
func Crowd(seed uint64, buyers int) string {
	r := &run{o: Options{Seed: seed, Sandbox: "x"}.withDefaults()}
	crowd := []any{arrivals(seed, buyers, 20*time.Second, time.Minute)}
	for n := range buyers {
		t, _ := r.drawTraits(n)
		crowd = append(crowd, t)
	}
	return fmt.Sprint(crowd)
}
