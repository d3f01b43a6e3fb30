// Command bench measures the system on this machine: complete paid purchases a
// second, the latency of holds, what a purchase costs each process, and what
// its history weighs. Everything runs here, each part as a process of its own,
// with the load beside it. An empty workflow of the same shape is measured in
// turn with the real one, so that ratios hold where rates drift.
package main
