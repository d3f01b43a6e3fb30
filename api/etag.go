package api

import "strings"

// matches tells whether an If-None-Match or If-Match header names the entity
// tag. Weak tags count as the strong ones that they were made from: proxies
// weaken a tag when they compress an answer.
func matches(header, etag string) bool {
	if header == "" {
		return false
	}
	etag = strings.TrimPrefix(etag, "W/")
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == etag {
			return true
		}
	}
	return false
}
