// Command compose checks a compose file without Docker: it parses it as Docker
// Compose does, with its schema and its variables, and then looks for what a
// schema does not ask for: health checks, limits, restarts, tags, volumes.
package main
