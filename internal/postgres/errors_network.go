package postgres

import (
	"errors"
	"io"
	"net"
)

// networkError tells whether a connection broke under a statement, so that it
// is not known whether the statement ran.
func networkError(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
