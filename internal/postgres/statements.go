package postgres

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
)

// Statement is one statement of a command as it is sent.
type Statement struct {
	SQL  string
	Args []any
}

// DispatchStatements lists what Create sends for a dispatch, from BEGIN to COMMIT, without keeping any of it: the benchmark gives
// pgbench the very same work.
func (s *Store) DispatchStatements(ctx context.Context, call dispatch.Call, decide func(dispatch.Snapshot) (dispatch.Decision, error)) ([]Statement, error) {
	var looked, wrote *pgx.Batch
	var at scene
	err := s.twice(ctx, func(b *pgx.Batch) {
		looked = b
		sightOf(call.Actor, duty.ViewTask).queue(b)
		claiming(call).queue(b)
		at.queue(b, call.People)
	}, func() (*pgx.Batch, error) {
		decision, err := decide(at.snapshot(dispatch.Task{}))
		if err != nil {
			return nil, err
		}
		wrote, err = at.writing(call, earlier{}, decision)
		return nil, err
	})
	if err != nil {
		return nil, err
	}
	wrote.Queue("COMMIT")
	var list []Statement
	for _, q := range append(looked.QueuedQueries, wrote.QueuedQueries...) {
		list = append(list, Statement{q.SQL, q.Arguments})
	}
	return list, nil
}

// PgbenchScript writes statements as a pgbench script. The ids listed as fresh become others in each round, wherever they stand.
func PgbenchScript(statements []Statement, fresh ...uuid.UUID) (string, error) {
	script := "\\set r random(1, 9223372036854775807)\n"
	for _, s := range statements {
		sql := s.SQL
		for i := len(s.Args); i > 0; i-- { // $10 before $1
			literal, err := sqlLiteral(s.Args[i-1], fresh)
			if err != nil {
				return "", fmt.Errorf("%w in %s", err, s.SQL)
			}
			sql = strings.ReplaceAll(sql, fmt.Sprintf("$%d", i), literal)
		}
		script += strings.Join(strings.Fields(sql), " ") + ";\n"
	}
	return script, nil
}

func sqlLiteral(v any, fresh []uuid.UUID) (string, error) {
	switch v := v.(type) {
	case nil:
		return "NULL", nil
	case string:
		return freshened(v, fresh), nil
	case []byte:
		if v == nil {
			return "NULL", nil
		}
		if len(v) == 32 { // a hash
			return `'\x` + hex.EncodeToString(v) + `'`, nil
		}
		return freshened(string(v), fresh) + "::json", nil
	case duty.Path:
		return freshened(string(v), fresh), nil
	case uuid.UUID:
		return "(" + freshened(v.String(), fresh) + ")::uuid", nil
	case *uuid.UUID:
		if v == nil {
			return "NULL::uuid", nil
		}
		return sqlLiteral(*v, fresh)
	case int, bool, int64:
		return fmt.Sprint(v), nil
	case time.Time:
		return freshened(v.Format(time.RFC3339Nano), nil) + "::timestamptz", nil
	case []uuid.UUID:
		return array(v, fresh)
	case []bool:
		return array(v, fresh)
	case []string:
		return array(v, fresh)
	case []int16:
		return strings.ReplaceAll(fmt.Sprintf("ARRAY%v", v), " ", ","), nil
	default:
		return "", errors.New("an argument of another type")
	}
}

func array[T any](values []T, fresh []uuid.UUID) (string, error) {
	words := make([]string, len(values))
	for i, v := range values {
		word, err := sqlLiteral(v, fresh)
		if err != nil {
			return "", err
		}
		words[i] = word
	}
	return "ARRAY[" + strings.Join(words, ",") + "]", nil
}

// freshened is a text in which each fresh id stands for one made of this round's random number and its place in the list. Its colons
// are written as escapes, for pgbench takes them for variables even inside of quotes.
func freshened(text string, fresh []uuid.UUID) string {
	sql := "E'" + strings.NewReplacer(`\`, `\\`, "'", "''", ":", `\x3a`).Replace(text) + "'"
	for i, id := range fresh {
		if strings.Contains(text, id.String()) {
			sql = fmt.Sprintf("replace(%s, '%s', lpad(to_hex(:r::bigint), 16, '0') || '8%015x')", sql, id, i)
		}
	}
	return sql
}
