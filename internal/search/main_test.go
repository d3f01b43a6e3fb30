package search_test

import (
	"testing"

	"yourticket.example/internal/parts/partstest"
)

func TestMain(m *testing.M) { partstest.Main(m) }
