package sandbox

import (
	"encoding/json"
	"strconv"
)

// jsonw appends JSON to a buffer. It exists because the sandbox sits inside load tests: building a
// provider's wide objects by reflection costs several times as much CPU as all the rest of a request.
type jsonw struct{ b []byte }

// sep writes the comma that the next element needs, which the last byte written tells.
func (w *jsonw) sep() {
	if n := len(w.b); n > 0 {
		switch w.b[n-1] {
		case '{', '[', ':':
		default:
			w.b = append(w.b, ',')
		}
	}
}

func (w *jsonw) key(k string) {
	w.sep()
	w.b = append(w.b, '"')
	w.b = append(w.b, k...)
	w.b = append(w.b, '"', ':')
}

func (w *jsonw) open()            { w.sep(); w.b = append(w.b, '{') }
func (w *jsonw) close()           { w.b = append(w.b, '}') }
func (w *jsonw) openKey(k string) { w.key(k); w.b = append(w.b, '{') }
func (w *jsonw) array(k string)   { w.key(k); w.b = append(w.b, '[') }
func (w *jsonw) closeArray()      { w.b = append(w.b, ']') }

func (w *jsonw) str(k, v string) { w.key(k); w.b = appendString(w.b, v) }

// text writes v, or null where the provider shows an absent string so.
func (w *jsonw) text(k, v string) {
	if v == "" {
		w.null(k)
		return
	}
	w.str(k, v)
}

func (w *jsonw) elem(v string) { w.sep(); w.b = appendString(w.b, v) }

func (w *jsonw) num(k string, v int64) { w.key(k); w.b = strconv.AppendInt(w.b, v, 10) }

// count writes v, or null for zero.
func (w *jsonw) count(k string, v int64) {
	if v == 0 {
		w.null(k)
		return
	}
	w.num(k, v)
}

func (w *jsonw) flag(k string, v bool) { w.key(k); w.b = strconv.AppendBool(w.b, v) }

func (w *jsonw) null(k string) { w.key(k); w.b = append(w.b, "null"...) }

// raw writes a value that is JSON already.
func (w *jsonw) raw(k string, v []byte) { w.key(k); w.b = append(w.b, v...) }

// metadata writes an object's metadata, in no particular order.
func (w *jsonw) metadata(m map[string]string) {
	w.openKey("metadata")
	for name, v := range m {
		w.sep()
		w.b = appendString(w.b, name)
		w.b = append(w.b, ':')
		w.b = appendString(w.b, v)
	}
	w.close()
}

// appendString appends a JSON string; plain ASCII, the usual case, is copied as it is.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...)
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
