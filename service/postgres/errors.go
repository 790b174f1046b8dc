package postgres

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/userd/userd/service"
)

// SQLSTATEs and classes of them, from PostgreSQL's appendix A.
const (
	warning          = "01000"
	adminShutdown    = "57P01"
	readOnly         = "25006" // the server is, or has become, a replica
	uniqueViolation  = "23505"
	lockNotAvailable = "55P03"
	shutdownStates   = "57P" // the server shuts down, has crashed, starts, or has ended the session

	classConnection    = "08"
	classAuthorization = "28"
	classDatabase      = "3D"
	classRollback      = "40" // transactions met; trying again may work
	classResources     = "53"
	classOperator      = "57"
	classSystem        = "58"
)

// Why a probe does not tell what has become of a change.
var (
	errNotReplicated = errors.New("the server has stopped waiting for a standby")
	errDropped       = errors.New("the change log no longer holds the change")
)

// lostError says that a connection could not be made, or is of no more use.
type lostError struct{ error }

// Unwrap returns the cause.
func (e *lostError) Unwrap() error { return e.error }

// ifLost marks err, which a call on conn has returned, when it has cost the
// connection.
func ifLost(conn *pgx.Conn, err error) error {
	if err != nil && conn.IsClosed() {
		return &lostError{err}
	}
	return err
}

// sqlState is the code that the server has given err, or "" when err comes
// from anywhere else.
func sqlState(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// isOfClass tells whether err has a code of one of these classes.
func isOfClass(err error, classes ...string) bool {
	state := sqlState(err)
	return slices.ContainsFunc(classes, func(class string) bool { return strings.HasPrefix(state, class) })
}

// isLost tells whether the connection that gave err is of no more use.
func isLost(err error) bool {
	_, lost := errors.AsType[*lostError](err)
	_, refused := errors.AsType[*pgconn.ConnectError](err)
	return lost || refused || isOfClass(err, classConnection, shutdownStates)
}

// isAway tells whether err means that the database cannot serve now: it said
// so, or could not be reached at all.
func isAway(err error) bool {
	return isLost(err) || isOfClass(err, readOnly, lockNotAvailable, classRollback, classAuthorization, classDatabase,
		classResources, classOperator, classSystem)
}

// isTransient tells whether the same, done anew on another connection, may
// well succeed at once.
func isTransient(err error) bool {
	return isLost(err) || isOfClass(err, readOnly, classRollback)
}

// isRolledBack tells whether err is the server's own word that it has undone
// the transaction which failed, so that nothing is unknown about it. A server
// that shuts down, or that is told to cancel, also ends transactions which are
// committed and wait for a standby.
func isRolledBack(err error) bool {
	return sqlState(err) != "" && !isLost(err) && !isOfClass(err, classOperator)
}

// unavailable says what err means to a caller: that the database is away, or a
// defect.
func unavailable(err error) error {
	if err == nil || !isAway(err) {
		return err
	}
	return &service.UnavailableError{Reason: "The database cannot be reached at the moment; nothing was changed.", RetryAfter: time.Second, Err: err}
}
