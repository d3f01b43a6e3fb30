package sandbox

import (
	"encoding/json"
	"time"
)

// Statuses of PayPal's objects.
const (
	ppCreated        = "CREATED"
	ppPayerAction    = "PAYER_ACTION_REQUIRED"
	ppApproved       = "APPROVED"
	ppCompleted      = "COMPLETED"
	ppCaptured       = "CAPTURED"
	ppPartlyCaptured = "PARTIALLY_CAPTURED"
	ppVoided         = "VOIDED"
	ppDeclined       = "DECLINED"
	ppRefunded       = "REFUNDED"
	ppPartlyRefunded = "PARTIALLY_REFUNDED"

	intentAuthorize = "AUTHORIZE"
	intentCapture   = "CAPTURE"
)

// money is an amount as PayPal writes it: a decimal string.
type money struct {
	Currency string `json:"currency_code"`
	Value    string `json:"value"`
}

// unitAmount is the amount of a purchase unit. Breakdown is kept as it came, after its sum was checked.
type unitAmount struct {
	money
	Breakdown json.RawMessage `json:"breakdown,omitempty"`
}

// purchaseUnit is what one part of an order pays for. Minor is its amount in minor units.
type purchaseUnit struct {
	ReferenceID    string          `json:"reference_id,omitempty"`
	Amount         *unitAmount     `json:"amount,omitempty"`
	Description    string          `json:"description,omitempty"`
	CustomID       string          `json:"custom_id,omitempty"`
	InvoiceID      string          `json:"invoice_id,omitempty"`
	SoftDescriptor string          `json:"soft_descriptor,omitempty"`
	Items          json.RawMessage `json:"items,omitempty"`
	Minor          int64           `json:"x_minor,omitempty"`
	Authorizations []string        `json:"x_auths,omitempty"`
	Captures       []string        `json:"x_caps,omitempty"`
}

// order is a PayPal order. Source is the vaulted token that pays it, "" for a payer who approves; Refuses
// is the issue that paying will meet.
type order struct {
	ID        string          `json:"id"`
	Intent    string          `json:"in"`
	Status    string          `json:"st"`
	Units     []*purchaseUnit `json:"pu"`
	Source    string          `json:"src,omitempty"`
	Refuses   string          `json:"ref,omitempty"`
	ReturnURL string          `json:"ret,omitempty"`
	CancelURL string          `json:"can,omitempty"`
	Base      string          `json:"base,omitempty"`
	Created   time.Time       `json:"at"`
	Updated   time.Time       `json:"up"`
}

// authorization is a reserved amount.
type authorization struct {
	ID        string    `json:"id"`
	Order     string    `json:"ord"`
	Parent    string    `json:"par,omitempty"`
	Source    string    `json:"src,omitempty"`
	Status    string    `json:"st"`
	Amount    int64     `json:"amt"`
	Captured  int64     `json:"cap,omitempty"`
	Currency  string    `json:"cur"`
	CustomID  string    `json:"cus,omitempty"`
	InvoiceID string    `json:"inv,omitempty"`
	Created   time.Time `json:"at"`
	Updated   time.Time `json:"up"`
	Expires   time.Time `json:"exp"`
}

// capture is money taken.
type capture struct {
	ID            string    `json:"id"`
	Order         string    `json:"ord"`
	Authorization string    `json:"auth,omitempty"`
	Status        string    `json:"st"`
	Amount        int64     `json:"amt"`
	Refunded      int64     `json:"ref,omitempty"`
	Refunds       []string  `json:"refs,omitempty"` // ids, oldest first
	Fee           int64     `json:"fee"`
	Currency      string    `json:"cur"`
	CustomID      string    `json:"cus,omitempty"`
	InvoiceID     string    `json:"inv,omitempty"`
	Final         bool      `json:"fin,omitempty"`
	Created       time.Time `json:"at"`
	Updated       time.Time `json:"up"`
}

// paypalRefund is money given back.
type paypalRefund struct {
	ID        string    `json:"id"`
	Capture   string    `json:"cap"`
	Status    string    `json:"st"`
	Amount    int64     `json:"amt"`
	Currency  string    `json:"cur"`
	CustomID  string    `json:"cus,omitempty"`
	InvoiceID string    `json:"inv,omitempty"`
	Note      string    `json:"note,omitempty"`
	Total     int64     `json:"tot"`
	Created   time.Time `json:"at"`
}

// paypalDispute is a case a payer opened.
type paypalDispute struct {
	ID       string    `json:"id"`
	Capture  string    `json:"cap"`
	Status   string    `json:"st"`
	Outcome  string    `json:"out,omitempty"`
	Reason   string    `json:"rsn"`
	Amount   int64     `json:"amt"`
	Currency string    `json:"cur"`
	Created  time.Time `json:"at"`
	Updated  time.Time `json:"up"`
}

// movement is a line of PayPal's transaction report. Amount is signed; Fee is what it cost.
type movement struct {
	ID        string    `json:"id"`
	Code      string    `json:"co"`
	Reference string    `json:"ref,omitempty"`
	RefType   string    `json:"rt,omitempty"`
	Amount    int64     `json:"amt"`
	Fee       int64     `json:"fee,omitempty"`
	Currency  string    `json:"cur"`
	CustomID  string    `json:"cus,omitempty"`
	InvoiceID string    `json:"inv,omitempty"`
	At        time.Time `json:"at"`
}
