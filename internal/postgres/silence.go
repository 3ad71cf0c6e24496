package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
)

// silent looks at what was said last of each fact about each one at work: for the task, or for none.
const silent = `SELECT t.id FROM task t WHERE t.state = 'started' AND EXISTS (
		SELECT FROM task_person tp CROSS JOIN unnest($1::text[], $2::text[], $3::interval[]) AS f (fact, wrong, stands)
		CROSS JOIN LATERAL (
			SELECT value, source, received_at FROM ( -- of whoever keeps shifts these say whether they are on duty, and that does not fade
				SELECT * FROM observation_now WHERE task_id = t.id AND subject = tp.person_id AND fact = f.fact UNION ALL
				SELECT * FROM observation_now WHERE task_id IS NULL AND subject = tp.person_id AND fact = f.fact) AS said
			ORDER BY fact = 'on_duty' AND source = 'shift' DESC, received_at DESC, id DESC LIMIT 1) AS o
		WHERE tp.task_id = t.id AND tp.part AND o.value <> ALL (string_to_array('unknown,' || f.wrong, ',')) AND NOT (f.fact = 'on_duty' AND o.source = 'shift')
			AND (o.received_at < clock_timestamp() - f.stands OR o.value = 'plain_clothes_order' AND NOT EXISTS (
				SELECT FROM plain_clothes_order w WHERE w.person_id = tp.person_id AND clock_timestamp() >= w.valid_from AND clock_timestamp() < w.valid_to)))
	ORDER BY t.id LIMIT $4`

// Silent implements dispatch.Store.
func (s *Store) Silent(ctx context.Context, facts []dispatch.Fading, limit int) (tasks []uuid.UUID, err error) {
	var names, wrong []string
	var stands []time.Duration
	for _, f := range facts {
		names, wrong, stands = append(names, f.Fact), append(wrong, strings.Join(f.Wrong, ",")), append(stands, f.Stands)
	}
	err = s.read(ctx, everything, func(b *pgx.Batch) { each(b, &tasks, pgx.RowTo[uuid.UUID], silent, names, wrong, stands, limit) })
	return tasks, err
}
