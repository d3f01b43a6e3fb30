package sandbox

import (
	"encoding/json"
	"strings"
)

// vaultPrefix begins every token that stands for a payer's vaulted consent.
const vaultPrefix = "tok_vault_"

// vaultRefusals say which tokens meet which issue when the order is authorized or captured.
var vaultRefusals = []struct{ prefix, issue string }{
	{vaultPrefix + "declined", "INSTRUMENT_DECLINED"},
	{vaultPrefix + "payer_cannot_pay", "PAYER_CANNOT_PAY"},
	{vaultPrefix + "locked", "PAYER_ACCOUNT_LOCKED_OR_CLOSED"},
	{vaultPrefix + "refused", "TRANSACTION_REFUSED"},
	{vaultPrefix + "expired", "TOKEN_EXPIRED"},
	{vaultPrefix + "action_required", "PAYER_ACTION_REQUIRED"},
}

// vaultCaptureDenied begins tokens that can be authorized but whose capture PayPal declines.
const vaultCaptureDenied = vaultPrefix + "capture_declined"

// vaultRefusal returns the issue that a token meets, "" for none.
func vaultRefusal(token string) string {
	for _, r := range vaultRefusals {
		if strings.HasPrefix(token, r.prefix) {
			return r.issue
		}
	}
	return ""
}

// experience is where a payer goes after approving.
type experience struct {
	ReturnURL string `json:"return_url"`
	CancelURL string `json:"cancel_url"`
}

// paymentSource is how an order is paid: by a vaulted token, by a vaulted PayPal account, or by a payer yet to come.
type paymentSource struct {
	Token *struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	} `json:"token"`
	PayPal *struct {
		VaultID    string     `json:"vault_id"`
		Experience experience `json:"experience_context"`
	} `json:"paypal"`
	Card json.RawMessage `json:"card"`
}

// vaulted returns the vaulted consent in a source, "" for none, and whether it pays the order at once.
func (s *paymentSource) vaulted() (token string, atOnce bool, err *paypalError) {
	switch {
	case s == nil:
		return "", false, nil
	case len(s.Card) > 0 && string(s.Card) != "null":
		return "", false, unprocessable("PAYEE_NOT_ENABLED_FOR_CARD_PROCESSING", "/payment_source/card", "This account takes no cards.")
	case s.Token != nil:
		if s.Token.Type != "BILLING_AGREEMENT" && s.Token.Type != "PAYMENT_METHOD_TOKEN" {
			return "", false, invalid("/payment_source/token/type", "INVALID_PARAMETER_VALUE", "The type is BILLING_AGREEMENT or PAYMENT_METHOD_TOKEN.")
		}
		if !strings.HasPrefix(s.Token.ID, vaultPrefix) {
			return "", false, unprocessable("TOKEN_ID_NOT_FOUND", "/payment_source/token/id", "The token was not found.")
		}
		return s.Token.ID, false, nil
	case s.PayPal != nil && s.PayPal.VaultID != "":
		if !strings.HasPrefix(s.PayPal.VaultID, vaultPrefix) {
			return "", false, unprocessable("TOKEN_ID_NOT_FOUND", "/payment_source/paypal/vault_id", "The token was not found.")
		}
		return s.PayPal.VaultID, true, nil
	}
	return "", false, nil
}
