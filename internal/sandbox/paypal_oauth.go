package sandbox

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// authorized checks the access token of a call, or the client's own credentials for the call that gets one.
func (a *paypalAPI) authorized(r *http.Request, op string, d paypalDialect) *reply {
	if op == opToken {
		id, secret, _ := r.BasicAuth()
		if a.rightPair(id, secret) {
			return nil
		}
		var w jsonw
		w.open()
		w.str("error", "invalid_client")
		w.str("error_description", "Client Authentication failed")
		w.close()
		return &reply{status: http.StatusUnauthorized, body: w.b}
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if bearer && tokenValid(a.secret, token, time.Now()) {
		return nil
	}
	rep := d.reply(notAuthenticated())
	return &rep
}

// rightPair takes any pair when none was configured.
func (a *paypalAPI) rightPair(id, secret string) bool {
	if id == "" || secret == "" {
		return false
	}
	return (a.o.PayPalClientID == "" || id == a.o.PayPalClientID) &&
		(a.o.PayPalClientSecret == "" || secret == a.o.PayPalClientSecret)
}

// issueToken answers the client credentials grant.
func (a *paypalAPI) issueToken(c *paypalCall) (result, *paypalError) {
	params, err := url.ParseQuery(string(c.body))
	if err != nil || params.Get("grant_type") != "client_credentials" {
		return result{status: http.StatusBadRequest, full: func(w *jsonw) {
			w.open()
			w.str("error", "unsupported_grant_type")
			w.str("error_description", "The grant type is client_credentials.")
			w.close()
		}}, nil
	}
	token := newToken(a.secret, c.now.Add(a.o.TokenTTL))
	return result{status: http.StatusOK, full: func(w *jsonw) {
		w.open()
		w.str("access_token", token)
		w.str("token_type", "Bearer")
		w.str("app_id", "APP-SANDBOX")
		w.num("expires_in", int64(a.o.TokenTTL/time.Second))
		w.close()
	}}, nil
}
