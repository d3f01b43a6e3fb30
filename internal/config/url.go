package config

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
)

// URL is the address of a part, which may hold a password. It prints without
// password and query. The zero value is no address.
type URL struct {
	secret Secret
}

// NewURL wraps an address as it stands; Config.Validate says whether it is one.
func NewURL(value string) URL { return URL{secret: NewSecret(value)} }

// Reveal returns the address with its password. It must not be logged or put
// into an error.
func (u URL) Reveal() string { return u.secret.Reveal() }

// IsZero says that there is no address.
func (u URL) IsZero() bool { return u.secret.IsZero() }

// String returns scheme, user, host and path.
func (u URL) String() string {
	if u.IsZero() {
		return ""
	}
	parsed, err := url.Parse(u.Reveal())
	if err != nil || parsed.Host == "" {
		return redacted
	}
	shown := url.URL{Scheme: parsed.Scheme, Host: parsed.Host, Path: parsed.Path}
	if name := parsed.User.Username(); name != "" {
		shown.User = url.User(name)
	}
	return shown.String()
}

// Format prints String for every verb and flag.
func (u URL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// LogValue prints String in logs.
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalText writes String, for JSON and all other encodings of text.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText takes the address itself.
func (u *URL) UnmarshalText(text []byte) error { return u.secret.UnmarshalText(text) }

// URLs are several addresses, written with commas between them.
type URLs struct {
	list []URL
}

// NewURLs wraps addresses in their order.
func NewURLs(values ...string) URLs {
	var us URLs
	for _, v := range values {
		us.list = append(us.list, NewURL(v))
	}
	return us
}

// List returns the addresses in their order.
func (us URLs) List() []URL { return append([]URL(nil), us.list...) }

// IsZero says that there is no address.
func (us URLs) IsZero() bool { return len(us.list) == 0 }

// String returns the addresses as URL prints each.
func (us URLs) String() string {
	var shown []string
	for _, u := range us.list {
		shown = append(shown, u.String())
	}
	return strings.Join(shown, ",")
}

// Reveal returns the addresses with their passwords, as one text.
func (us URLs) Reveal() string {
	var all []string
	for _, u := range us.list {
		all = append(all, u.Reveal())
	}
	return strings.Join(all, ",")
}

// Format prints String for every verb and flag.
func (us URLs) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, us.String()) }

// LogValue prints String in logs.
func (us URLs) LogValue() slog.Value { return slog.StringValue(us.String()) }

// MarshalText writes String, for JSON and all other encodings of text.
func (us URLs) MarshalText() ([]byte, error) { return []byte(us.String()), nil }

// between matches the commas between addresses. One inside an address, as in a
// PostgreSQL URL of several hosts, is not followed by a scheme.
var between = regexp.MustCompile(`\s*,\s*([a-zA-Z][a-zA-Z0-9+.-]*://)`)

// UnmarshalText takes the addresses themselves.
func (us *URLs) UnmarshalText(text []byte) error {
	us.list = nil
	for part := range strings.SplitSeq(between.ReplaceAllString(string(text), "\n$1"), "\n") {
		if part = strings.TrimSpace(part); part != "" {
			us.list = append(us.list, NewURL(part))
		}
	}
	return nil
}
