package command

import (
	"cmp"
	"runtime"
	"runtime/debug"
)

// Version describes this build: the module's version, the revision it was
// built from where that is known, and the toolchain.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown " + runtime.Version()
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	version := cmp.Or(info.Main.Version, "(devel)")
	if revision := settings["vcs.revision"]; len(revision) >= 12 {
		version += " " + revision[:12]
	}
	if settings["vcs.modified"] == "true" {
		version += " modified"
	}
	return version + " " + runtime.Version()
}
