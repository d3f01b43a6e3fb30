package ticket

import "time"

// CancelPhase is where the cancellation of an event stands.
type CancelPhase string

// The phases of a cancellation.
const (
	// CancelStarting: the event is canceled; nobody has begun to refund yet.
	CancelStarting CancelPhase = "starting"
	CancelRunning  CancelPhase = "running"
	CancelPaused   CancelPhase = "paused"
	// CancelWaiting: what is left waits for a provider, for support or for the end of a dispute.
	CancelWaiting CancelPhase = "waiting"
	CancelDone    CancelPhase = "done"
)

// Cancellation is an event that was canceled.
type Cancellation struct {
	EventID string      `json:"event_id"`
	Reason  string      `json:"reason"`
	By      string      `json:"by"`
	AskedAt time.Time   `json:"asked_at"`
	Phase   CancelPhase `json:"phase"`
	// Note says what stands in the way, if anything does.
	Note string `json:"note,omitempty"`
	// EndedAt is when nothing was left to do; zero before.
	EndedAt time.Time `json:"ended_at,omitzero"`
}

// CancelFigures count what was sold of a canceled event, by what has become of it.
type CancelFigures struct {
	// Sold is how many bookings were ever confirmed.
	Sold int `json:"sold"`
	// Refunded bookings are through; of those that are Refunding a provider is not
	// done; for those that are Waiting nobody was asked yet.
	Refunded  int `json:"refunded"`
	Refunding int `json:"refunding"`
	Waiting   int `json:"waiting"`
	// Disputed bookings wait for the end of a dispute, those that need Attention
	// for support.
	Disputed  int `json:"disputed"`
	Attention int `json:"needs_attention"`
	// Holding purchases had begun before the event was canceled and are not over.
	Holding int `json:"holding"`
	// Paid is what the providers have given back, Owed what they still have to,
	// Kept what the tickets cost that still stand.
	Paid Money `json:"paid"`
	Owed Money `json:"owed"`
	Kept Money `json:"kept"`
}

// Settled tells whether nothing is left to happen.
func (f CancelFigures) Settled() bool {
	return f.Holding+f.Waiting+f.Refunding+f.Disputed+f.Attention == 0
}

// Notice is what the holders of tickets are to be told of an event that was moved.
type Notice struct {
	// ID names the event and the version that moved it.
	ID      string
	EventID string
	// Before is when it should have begun; nil while it has no other date.
	Before *time.Time
	Note   string
	MadeAt time.Time
}
