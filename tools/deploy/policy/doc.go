// Command policy checks rendered Kubernetes manifests for what a schema cannot
// say: nobody is root or may become it, everything has limits and probes, no
// image is whatever is latest, no secret stands in the open, and what names
// another object names one that is there.
//
//	helm template … | go run ./policy
package main
