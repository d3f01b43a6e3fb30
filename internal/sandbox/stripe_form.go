package sandbox

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// form is the parameters of a Stripe request, by their flat names such as metadata[booking_id].
type form url.Values

func parseForm(raw string) (form, *stripeError) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, badParam("", "", "The request's parameters are not form-encoded.")
	}
	return form(values), nil
}

func (f form) get(name string) string { return url.Values(f).Get(name) }

func (f form) has(name string) bool { return url.Values(f).Has(name) }

// print is the canonical text of the parameters, whatever their order.
func (f form) print() string { return url.Values(f).Encode() }

// child splits a nested name: metadata[a] is the child a of metadata.
func child(name, parent string) (string, bool) {
	rest, ok := strings.CutPrefix(name, parent+"[")
	if !ok || !strings.HasSuffix(rest, "]") {
		return "", false
	}
	return rest[:len(rest)-1], true
}

// children returns the nested values of a parent, nil for none.
func (f form) children(parent string) map[string]string {
	var out map[string]string
	for name, values := range f {
		key, ok := child(name, parent)
		if !ok || len(values) == 0 {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[key] = values[0]
	}
	return out
}

// metadata returns base changed by what the request says; an empty value removes a key.
func (f form) metadata(base map[string]string) map[string]string {
	given := f.children("metadata")
	if len(given) == 0 {
		return base
	}
	out := make(map[string]string, len(base)+len(given))
	maps.Copy(out, base)
	for k, v := range given {
		if v == "" {
			delete(out, k)
			continue
		}
		out[k] = v
	}
	return out
}

// many returns the values of a list, written name[] or name[0], in a fixed order.
func (f form) many(name string) []string {
	var out []string
	for given, values := range f {
		if _, ok := child(given, name); ok {
			out = append(out, values...)
		}
	}
	slices.Sort(out)
	return out
}

// integer reads an optional whole number.
func (f form) integer(name string) (n int64, given bool, err *stripeError) {
	if !f.has(name) {
		return 0, false, nil
	}
	n, failure := strconv.ParseInt(f.get(name), 10, 64)
	if failure != nil {
		return 0, true, badParam(codeBadInteger, name, "Invalid integer: %s", f.get(name))
	}
	return n, true, nil
}

// boolean reads an optional flag.
func (f form) boolean(name string) (bool, *stripeError) {
	switch f.get(name) {
	case "":
		return false, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, badParam("", name, "Invalid boolean: %s", f.get(name))
}

// oneOf reads an optional choice.
func (f form) oneOf(name, otherwise string, allowed ...string) (string, *stripeError) {
	v := f.get(name)
	if v == "" {
		return otherwise, nil
	}
	if !slices.Contains(allowed, v) {
		return "", badParam("", name, "Invalid %s: must be one of %s", name, strings.Join(allowed, ", "))
	}
	return v, nil
}

// onlyKnown refuses a parameter that the endpoint does not have, by the part of its name before a bracket.
func (f form) onlyKnown(known ...string) *stripeError {
	for name := range f {
		root, _, _ := strings.Cut(name, "[")
		if root != "expand" && !slices.Contains(known, root) {
			return badParam(codeParamUnknown, name, "Received unknown parameter: %s", name)
		}
	}
	return nil
}
