// Command kube runs the system as Kubernetes would, process by process on this
// machine, from what the chart renders: each Deployment's pods with their
// arguments and their environment and nothing else, Jobs at their time, probes,
// Services as lists of addresses, and at the end SIGTERM and the grace that the
// chart gives. In between `yourticket rehearse` plays an on-sale, audit included.
//
// The backing parts are those of `yourticket dev --parts`, whose addresses and
// keys stand where the Secret would. It exits 1 when anything does not hold.
package main
