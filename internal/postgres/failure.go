package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dutybound/dutybound/internal/fault"
)

var unavailable = fault.New(fault.Unavailable, "database_unavailable",
	"系统暂时无法保存，请用同一编号重试", "the server cannot write durably now; try again with the same id")

var unstorable = fault.BadField("body", "holds a character that cannot be stored")

// failure says what an error of the database means to whoever asked. What the database could not do for a passing reason, or may
// have done without being able to say so, is Unavailable: the same command can be sent again. Anything else stays what it is.
func failure(err error) error {
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case disconnected(err): // first: a database that takes no connections says so with a code of its own
		return unavailable.Because(err)
	case errors.As(err, &refused):
		return refusal(refused, err)
	default:
		return err
	}
}

func refusal(refused *pgconn.PgError, err error) error {
	switch {
	case passing(refused.Code):
		return unavailable.Because(err)
	case refused.ConstraintName == "command_pkey":
		return otherCommand.Because(err) // of the same device, when it was another person's
	case refused.Code == "22021" || refused.Code == "22P05": // a NUL inside of text
		return unstorable.Because(err)
	default:
		return err
	}
}

// disconnected says whether the way to the database broke, or took too long.
func disconnected(err error) bool {
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connect) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// passing says whether an SQLSTATE tells of a condition that passes by itself, or by somebody's help, without our doing.
func passing(code string) bool {
	for _, class := range []string{
		"08",    // connection
		"25P03", // idle in transaction too long: we were too slow
		"40",    // rolled back for another's sake
		"53",    // disk full, too many connections
		"55P03", // lock not available
		"57",    // shut down, cancelled
		"58",    // the system below
		"25006", // read-only: a standby
	} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}

// missing makes an empty answer the given fault.
func missing(err error, otherwise *fault.Error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return otherwise
	}
	return err
}
