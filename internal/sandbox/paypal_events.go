package sandbox

import (
	"bytes"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"hash/crc32"
	"net/http"
	"strconv"
	"time"
)

const authAlgo = "SHA256withRSA"

// emit sends an event to whoever subscribed. write must only touch what never changes: it runs later.
func (a *paypalAPI) emit(c *paypalCall, kind, resource string, write func(w *jsonw)) {
	if !a.courier.wants(kind) {
		return
	}
	id, at := randomID("WH-", base36, 17), c.now
	a.courier.send(&delivery{id: id, kind: kind, build: func() []byte {
		var w jsonw
		w.open()
		w.str("id", id)
		w.str("event_version", "1.0")
		w.time("create_time", at)
		w.str("resource_type", resource)
		w.str("resource_version", "2.0")
		w.str("event_type", kind)
		w.str("summary", kind)
		w.key("resource")
		write(&w)
		w.array("links")
		w.closeArray()
		w.close()
		return canonical(w.b)
	}})
}

// canonical writes JSON the one way, so that a signature holds for a body that was decoded and encoded again.
func canonical(raw []byte) []byte {
	in := json.NewDecoder(bytes.NewReader(raw))
	in.UseNumber()
	var v any
	if err := in.Decode(&v); err != nil {
		return raw
	}
	out, err := json.Marshal(v)
	if err != nil {
		return raw
	}
	return out
}

// signature is over what PayPal signs: transmission, time, webhook and the checksum of the body.
func (a *paypalAPI) signature(transmission, at, webhook string, body []byte) string {
	sum := strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10)
	message := transmission + "|" + at + "|" + webhook + "|" + sum
	return base64.StdEncoding.EncodeToString(mac(a.secret, []byte(message)).Sum(nil))
}

// sign puts PayPal's headers on a delivery.
func (a *paypalAPI) sign(h http.Header, d *delivery, now time.Time) {
	at := now.UTC().Format(time.RFC3339)
	h.Set("Paypal-Transmission-Id", d.id)
	h.Set("Paypal-Transmission-Time", at)
	h.Set("Paypal-Transmission-Sig", a.signature(d.id, at, a.o.PayPalWebhookID, d.body))
	h.Set("Paypal-Cert-Url", "/v1/notifications/certs/CERT-SANDBOX")
	h.Set("Paypal-Auth-Algo", authAlgo)
}

// verifyWebhook tells whether a webhook came from here, for this webhook id and unchanged.
func (a *paypalAPI) verifyWebhook(c *paypalCall) (result, *paypalError) {
	var req struct {
		Algo         string          `json:"auth_algo"`
		CertURL      string          `json:"cert_url"`
		Transmission string          `json:"transmission_id"`
		Sig          string          `json:"transmission_sig"`
		Time         string          `json:"transmission_time"`
		Webhook      string          `json:"webhook_id"`
		Event        json.RawMessage `json:"webhook_event"`
	}
	if err := c.decode(&req); err != nil {
		return result{}, err
	}
	for field, v := range map[string]string{
		"auth_algo": req.Algo, "cert_url": req.CertURL, "transmission_id": req.Transmission, "transmission_sig": req.Sig,
		"transmission_time": req.Time, "webhook_id": req.Webhook, "webhook_event": string(req.Event),
	} {
		if v == "" {
			return result{}, invalid("/"+field, "MISSING_REQUIRED_PARAMETER", "A required field is missing.")
		}
	}
	status := "FAILURE"
	want := a.signature(req.Transmission, req.Time, a.o.PayPalWebhookID, canonical(req.Event))
	if req.Webhook == a.o.PayPalWebhookID && hmac.Equal([]byte(want), []byte(req.Sig)) {
		status = "SUCCESS"
	}
	return result{status: http.StatusOK, full: func(w *jsonw) {
		w.open()
		w.str("verification_status", status)
		w.close()
	}}, nil
}
