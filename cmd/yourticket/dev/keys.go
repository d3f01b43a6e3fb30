package dev

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// keys are the credentials between this system and its payment sandbox.
type keys struct {
	StripeAPIKey        string `json:"stripe_api_key"`
	StripeWebhookSecret string `json:"stripe_webhook_secret"`
	PayPalClientID      string `json:"paypal_client_id"`
	PayPalClientSecret  string `json:"paypal_client_secret"`
	PayPalWebhookID     string `json:"paypal_webhook_id"`
}

// loadKeys reads the keys in file, or makes new ones there.
func loadKeys(file string) (keys, error) {
	var k keys
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		k = newKeys()
		if b, err = json.MarshalIndent(k, "", "  "); err != nil {
			return k, err
		}
		return k, writePrivate(file, b)
	}
	if err != nil {
		return k, fmt.Errorf("sandbox keys: %w", err)
	}
	if err := json.Unmarshal(b, &k); err != nil {
		return k, fmt.Errorf("sandbox keys: %s: %w", file, err)
	}
	return k, nil
}

func newKeys() keys {
	return keys{
		StripeAPIKey:        "sk_test_" + rand.Text(),
		StripeWebhookSecret: "whsec_" + rand.Text(),
		PayPalClientID:      "client-" + rand.Text(),
		PayPalClientSecret:  "secret-" + rand.Text(),
		PayPalWebhookID:     "WH-" + strings.ToUpper(rand.Text()),
	}
}

// writePrivate writes a file that only its owner may read, whole or not at all.
func writePrivate(file string, content []byte) error {
	draft := file + ".new"
	if err := os.WriteFile(draft, content, 0o600); err != nil {
		return err
	}
	return os.Rename(draft, file)
}
