package health

import "time"

// Bucket gives the bucket of a duration, and where it ends.
func Bucket(took time.Duration) (index int, end time.Duration) {
	i := bucketOf(took)
	return i, upper(i)
}

// Quota reads what a control group may use.
func Quota(text string) float64 { return quota(text) }

// Judge gives the state of an indicator's value.
func Judge(name string, value float64, samples uint64) State {
	for _, t := range thresholds {
		if t.name == name {
			return t.judge(value, samples)
		}
	}
	return ""
}
