package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/ticket"
)

// maxFieldErrors bounds the faults that one answer lists.
const maxFieldErrors = 20

// fieldMark separates the path of a field from the message in the text of an
// error of decodeJSON: huma passes such errors on as text only.
const fieldMark = "\x1f"

// hookHuma makes huma describe its own refusals as we do. Its hooks are
// variables of its package, hence once for all servers of the process.
var hookHuma = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return refusal(status, msg, "", errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		p := refusal(status, msg, requestID(ctx.Context()), errs)
		for name, values := range p.GetHeaders() {
			ctx.SetHeader(name, values[0])
		}
		return p
	}
})

// refusal describes what huma found wrong with a request.
func refusal(status int, msg, requestID string, errs []error) *Problem {
	switch status {
	case http.StatusRequestEntityTooLarge:
		return newProblem(ticket.Errorf(ticket.CodeTooLarge, "The body is larger than this route takes."), requestID)
	case http.StatusUnsupportedMediaType:
		return newProblem(ticket.Errorf(ticket.CodeUnsupportedMedia, "Send the body as application/json."), requestID)
	case http.StatusRequestTimeout:
		return newProblem(ticket.Errorf(codeTimeout, "The body did not arrive in time."), requestID)
	}
	e := &ticket.Error{Code: ticket.CodeInvalid, Message: "The request is not valid."}
	inBody := false
	for _, err := range errs {
		field, body := fieldOf(err)
		e.Fields = append(e.Fields, field)
		inBody = inBody || body
	}
	if len(errs) == 0 {
		e.Fields = []ticket.FieldError{{Field: "body", Message: msg}}
	}
	slices.SortStableFunc(e.Fields, func(a, b ticket.FieldError) int { return cmp.Compare(a.Field, b.Field) })
	e.Fields = e.Fields[:min(len(e.Fields), maxFieldErrors)]
	if status == http.StatusUnprocessableEntity && inBody {
		return newProblem(e, requestID)
	}
	return newProblem(malformed{e}, requestID)
}

// fieldOf names the field that an error of huma is about, as a caller wrote it,
// and tells whether it is in the body.
func fieldOf(err error) (field ticket.FieldError, inBody bool) {
	detail, ok := errors.AsType[*huma.ErrorDetail](err)
	if !ok {
		return ticket.FieldError{Field: "body", Message: "could not be read"}, false
	}
	where, path, _ := strings.Cut(detail.Location, ".")
	message := detail.Message
	if inner, text, marked := strings.Cut(message, fieldMark); marked {
		path, message = inner, text
	}
	if name, ok := strings.CutPrefix(message, "expected required property "); ok {
		path = join(path, strings.TrimSuffix(name, " to be present"))
		message = "is required"
	}
	return ticket.FieldError{Field: cmp.Or(path, where), Message: message}, where == "body"
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// decodeJSON reads a body. Its errors name the field where they can, and never
// quote what was sent.
func decodeJSON(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return errors.New(wrong.Field + fieldMark + "cannot be a " + wrong.Value)
	}
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("is not valid JSON at byte %d", wrong.Offset)
	}
	if err != nil {
		return errors.New("is not valid JSON")
	}
	if parsed, ok := v.(*any); ok && bytes.Contains(data, []byte(`\u0000`)) {
		if path, found := findNUL(*parsed, ""); found {
			return errors.New(path + fieldMark + "holds the character U+0000, which cannot be stored")
		}
	}
	return nil
}

// findNUL gives the path of the first text that holds U+0000.
func findNUL(v any, path string) (string, bool) {
	switch v := v.(type) {
	case string:
		return path, strings.Contains(v, "\x00")
	case []any:
		for i, item := range v {
			if p, found := findNUL(item, path+"["+strconv.Itoa(i)+"]"); found {
				return p, true
			}
		}
	case map[string]any:
		for k, item := range v {
			if strings.Contains(k, "\x00") {
				return path, true
			}
			if p, found := findNUL(item, join(path, k)); found {
				return p, true
			}
		}
	}
	return "", false
}
