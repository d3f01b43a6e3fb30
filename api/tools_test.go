package api_test

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// connect gives a connection of its own to a world's database.
func connect(t *testing.T, w *world) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.pgURL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

// verifyWithJWKS checks a token as an outsider would, by the published keys alone.
func verifyWithJWKS(document []byte, token string) error {
	var set struct {
		Keys []struct{ Kid, Kty, N, E string }
	}
	if err := json.Unmarshal(document, &set); err != nil {
		return err
	}
	_, err := jwt.Parse(token, func(parsed *jwt.Token) (any, error) {
		for _, k := range set.Keys {
			if k.Kid != parsed.Header["kid"] || k.Kty != "RSA" {
				continue
			}
			n, err := base64.RawURLEncoding.DecodeString(k.N)
			if err != nil {
				return nil, err
			}
			e, err := base64.RawURLEncoding.DecodeString(k.E)
			if err != nil {
				return nil, err
			}
			return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
		}
		return nil, errors.New("no such key")
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithAudience("yourticket"), jwt.WithIssuer("https://yourticket.example"))
	return err
}
