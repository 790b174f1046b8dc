package rest

import (
	"os"
	"testing"

	"github.com/userd/userd/internal/teststore"
)

func TestMain(m *testing.M) { os.Exit(teststore.Main(m)) }
