package api

import (
	"regexp"
	"strings"
)

// matches tells whether an If-None-Match header names the entity tag. Weak tags
// count as the strong ones that they were made from: proxies weaken a tag when
// they compress an answer.
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

// IfMatch is embedded in the input of operations that change a thing in the
// version that their caller knows.
type IfMatch struct {
	Tags string `header:"If-Match" doc:"The ETag of the version to change, or * for whichever there is. Weak tags match nothing."`
}

// tagList is what an If-Match header looks like.
var tagList = regexp.MustCompile(`^\s*(\*|(W/)?"[^"]*"(\s*,\s*(W/)?"[^"]*")*)\s*$`)

// checkIfMatch takes what RFC 9110 calls a list of entity tags; it is optional.
func checkIfMatch(header string) error {
	if header != "" && !tagList.MatchString(header) {
		return malformedParam("If-Match", `must be entity tags in quotes, such as "7", or *`)
	}
	return nil
}

// names tells whether an If-Match header names the entity tag. As RFC 9110 has
// it, a weak tag never does: it does not say which version was seen.
func names(header, etag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		if candidate = strings.TrimSpace(candidate); candidate == "*" || candidate == etag {
			return true
		}
	}
	return false
}
