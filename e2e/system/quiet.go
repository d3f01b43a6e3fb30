package system

// quiet keeps the Temporal client of the checks from logging while a test has
// taken its server away.
type quiet struct{}

// Debug implements log.Logger.
func (quiet) Debug(string, ...any) {}

// Info implements log.Logger.
func (quiet) Info(string, ...any) {}

// Warn implements log.Logger.
func (quiet) Warn(string, ...any) {}

// Error implements log.Logger.
func (quiet) Error(string, ...any) {}
