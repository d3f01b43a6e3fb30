package sandbox

// Statuses of a payment intent.
const (
	intentNeedsMethod  = "requires_payment_method"
	intentNeedsConfirm = "requires_confirmation"
	intentNeedsAction  = "requires_action"
	intentCapturable   = "requires_capture"
	intentSucceeded    = "succeeded"
	intentCanceled     = "canceled"
)

const (
	captureManual    = "manual"
	captureAutomatic = "automatic"
)

// intent is a Stripe PaymentIntent. Method is the id of its payment method, which says how the card behaves.
type intent struct {
	ID            string            `json:"id"`
	Amount        int64             `json:"amt"`
	Capturable    int64             `json:"cap,omitempty"`
	Received      int64             `json:"rec,omitempty"`
	Currency      string            `json:"cur"`
	Status        string            `json:"st"`
	CaptureMethod string            `json:"cm"`
	Secret        string            `json:"sec"`
	Description   string            `json:"des,omitempty"`
	Suffix        string            `json:"suf,omitempty"`
	ReceiptEmail  string            `json:"rcp,omitempty"`
	Customer      string            `json:"cus,omitempty"`
	ReturnURL     string            `json:"ret,omitempty"`
	Metadata      map[string]string `json:"meta,omitempty"`
	Method        string            `json:"pm,omitempty"`
	Charge        string            `json:"ch,omitempty"`
	Action        string            `json:"act,omitempty"`
	ActionURL     string            `json:"url,omitempty"`
	LastError     *stripeError      `json:"err,omitempty"`
	Created       int64             `json:"at"`
	CanceledAt    int64             `json:"cat,omitempty"`
	CancelReason  string            `json:"crs,omitempty"`
}

// booking is the id of the booking an intent pays for.
func (p *intent) booking() string { return p.Metadata["booking_id"] }

// charge is one attempt to take an intent's money.
type charge struct {
	ID             string            `json:"id"`
	Intent         string            `json:"pi"`
	Amount         int64             `json:"amt"`
	Captured       int64             `json:"cap,omitempty"`
	Refunded       int64             `json:"ref,omitempty"`
	Currency       string            `json:"cur"`
	Method         string            `json:"pm"`
	Description    string            `json:"des,omitempty"`
	Suffix         string            `json:"suf,omitempty"`
	Metadata       map[string]string `json:"meta,omitempty"`
	Balance        string            `json:"txn,omitempty"`
	FailureCode    string            `json:"fc,omitempty"`
	DeclineCode    string            `json:"dc,omitempty"`
	FailureMessage string            `json:"fm,omitempty"`
	Dispute        string            `json:"dp,omitempty"`
	Released       bool              `json:"rel,omitempty"`
	Created        int64             `json:"at"`
}

func (c *charge) refundable() int64 { return c.Captured - c.Refunded }

// stripeRefund is a Refund; SettlesTo is the status it will take at SettlesAt.
type stripeRefund struct {
	ID         string            `json:"id"`
	Charge     string            `json:"ch"`
	Intent     string            `json:"pi"`
	Amount     int64             `json:"amt"`
	Currency   string            `json:"cur"`
	Status     string            `json:"st"`
	Reason     string            `json:"rsn,omitempty"`
	Metadata   map[string]string `json:"meta,omitempty"`
	Balance    string            `json:"txn,omitempty"`
	FailReason string            `json:"fr,omitempty"`
	FailTxn    string            `json:"ft,omitempty"`
	SettlesTo  string            `json:"to,omitempty"`
	SettlesAt  int64             `json:"ta,omitempty"`
	Created    int64             `json:"at"`
}

// balanceTxn is a BalanceTransaction: what changed the account's balance, and the fee for it.
type balanceTxn struct {
	ID          string `json:"id"`
	Type        string `json:"ty"`
	Amount      int64  `json:"amt"`
	Fee         int64  `json:"fee,omitempty"`
	Currency    string `json:"cur"`
	Source      string `json:"src"`
	Description string `json:"des,omitempty"`
	Created     int64  `json:"at"`
}

// stripeDispute is a Dispute of a charge.
type stripeDispute struct {
	ID       string   `json:"id"`
	Charge   string   `json:"ch"`
	Intent   string   `json:"pi"`
	Amount   int64    `json:"amt"`
	Currency string   `json:"cur"`
	Status   string   `json:"st"`
	Reason   string   `json:"rsn"`
	Balances []string `json:"txn,omitempty"`
	Created  int64    `json:"at"`
}
