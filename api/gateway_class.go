package api

import (
	"net/http"
	"strings"

	"yourticket.example/internal/health"
)

// class is a kind of route: what limits its callers, and how long before others
// it is shed.
type class int

const (
	// classFree is what watches over the process; it is neither limited nor shed.
	classFree class = iota
	// classRead is what everybody asks for, answered from memory mostly.
	classRead
	// classStream is a read that lasts.
	classStream
	// classPersonal is a read of what is the caller's own.
	classPersonal
	classLogin
	classRegistration
	// classWrite is any other change that needs an account, classAnonymous one
	// that needs none.
	classWrite
	classAnonymous
	// classQueue is joining a waiting room, and claiming one's turn.
	classQueue
	classBooking
	// classPayment pays or gives up what is held.
	classPayment
	// classDoor is what doors send: a person waits, and an account may have many.
	classDoor
	// classUpload is what doors hand in later, hundreds of scans at a time: nobody
	// waits for it, least of all the scans of classDoor.
	classUpload
	// classRare is what an account asks for now and then: what sends mail or
	// cannot be taken back.
	classRare
	// classWebhook is the payment providers', who send again when refused.
	classWebhook
	classes
)

var classNames = [classes]string{
	"free", "read", "stream", "personal", "login", "registration", "write", "anonymous", "queue", "booking", "payment", "door", "upload", "rare", "webhook",
}

// String names a class in metrics.
func (c class) String() string { return classNames[c] }

// public tells whether the answer may be the same for everyone, so that caches
// between us and the caller may keep it.
func (c class) public() bool { return c == classFree || c == classRead || c == classStream }

// kind says how the health report counts a request.
func (c class) kind() health.Kind {
	switch c {
	case classFree, classStream:
		return health.Unmeasured
	case classBooking, classPayment:
		return health.Booking
	case classLogin, classRegistration, classUpload:
		return health.Slow
	default:
		return health.Other
	}
}

// suspicious tells whether a refusal is what an attack looks like: wrong
// passwords, and webhooks whose signature is false.
func (c class) suspicious(status int) bool {
	switch c {
	case classLogin:
		return status == http.StatusUnauthorized
	case classWebhook:
		return status == http.StatusBadRequest || status == http.StatusUnauthorized || status == http.StatusForbidden
	default:
		return false
	}
}

// classify tells a request's class by method and path, and its lane: the last
// word of the path that is no id. Requests of one lane depend on the same parts,
// so that a slow part holds up its own lane only.
func classify(method, path string) (c class, lane string) {
	switch path {
	case "/healthz", "/readyz", "/metrics", "/v1/status":
		return classFree, ""
	}
	rest, versioned := strings.CutPrefix(path, "/v1/")
	if !versioned {
		return classRead, "pages"
	}
	resource, rest, _ := strings.Cut(rest, "/")
	_, word, _ := strings.Cut(rest, "/")
	if method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions {
		return classifyRead(resource, rest, word)
	}
	return classifyWrite(resource, rest, word), resource
}

// classifyRead gets resource/rest, where rest is id/word.
func classifyRead(resource, rest, word string) (c class, lane string) {
	switch {
	case strings.HasSuffix(word, "stream"):
		return classStream, "stream"
	case resource == "events" && (word == "queue/me" || ofOrganizers(word)):
		return classPersonal, resource
	case resource == "events" && rest == "":
		return classRead, "list"
	case resource == "venues" && rest != "" && word != "plans":
		return classRead, "event"
	case resource == "events":
		return classRead, knownLane(word)
	case resource == "search":
		return classRead, resource
	}
	return classPersonal, resource
}

// ofOrganizers tells the reads of an event that are for its organizer.
func ofOrganizers(word string) bool {
	switch word {
	case "sales", "sales.csv", "blocks", "changes":
		return true
	}
	return false
}

// knownLane keeps strangers' paths from becoming lanes.
func knownLane(word string) string {
	switch word {
	case "seatmap", "availability", "queue":
		return word
	}
	return "event"
}

// classifyAccounts tells the writes of accounts and their sessions.
func classifyAccounts(resource, rest string) class {
	switch {
	case resource == "users":
		return classRegistration
	case rest == "":
		return classLogin
	case rest == "refresh":
		return classAnonymous
	}
	return classWrite
}

func classifyCheckin(rest string) class {
	if rest == "batch" {
		return classUpload
	}
	return classDoor
}

// classifyWrite gets resource/rest, where rest is id/word.
func classifyWrite(resource, rest, word string) class {
	switch {
	case resource == "sessions" || resource == "users":
		return classifyAccounts(resource, rest)
	case resource == "bookings" && rest == "":
		return classBooking
	case resource == "bookings" && (word == "payment" || word == "cancel"):
		return classPayment
	case resource == "events" && (word == "queue" || word == "queue/claim"):
		return classQueue
	case resource == "checkins":
		return classifyCheckin(rest)
	case resource == "tickets", resource == "me", resource == "bookings" && word == "tickets/resend":
		return classRare
	case resource == "webhooks":
		return classWebhook
	}
	return classWrite
}
