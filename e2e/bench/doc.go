// Command bench measures what a purchase costs, on this machine, in one run:
// paid purchases a second, the latency of holds, events and bytes of a history,
// CPU by process, and the same for an empty workflow of the same shape, which
// is the floor that Temporal sets. All parts run as processes of their own; the
// load generator runs beside them.
package main
