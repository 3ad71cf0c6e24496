package postgres

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/duty"
)

// sighting is somebody's last position and what they checked in with.
type sighting struct {
	person   uuid.UUID
	position *accompany.Position
	shift    *accompany.Shift
}

const sightingColumns = `SELECT s.person_id, coalesce(s.unit, ''), coalesce(s.facility, ''), s.started_at, p.lat, p.lon, p.accuracy_m, p.seen_at, p.mock
	FROM shift s LEFT JOIN position_last p USING (person_id)`

// selectSightings reads those of the people named and of everybody on the tasks in sight who are on duty.
const selectSightings = sightingColumns + `
	WHERE s.ended_at IS NULL AND s.person_id IN (
		SELECT unnest($1::uuid[]) UNION SELECT tp.person_id FROM task_person tp WHERE tp.task_id = ANY (the_tasks()) AND tp.part)`

func scanSighting(row pgx.CollectableRow) (s sighting, err error) {
	var shift accompany.Shift
	var lat, lon *float64
	var accuracy *float32
	var at *time.Time
	var mock *bool
	err = row.Scan(&s.person, &shift.Unit, &shift.Facility, &shift.Since, &lat, &lon, &accuracy, &at, &mock)
	s.shift = &shift
	if lat != nil {
		s.position = &accompany.Position{Point: duty.Point{Lat: *lat, Lon: *lon}, Accuracy: float64(*accuracy), SeenAt: *at, Mock: *mock}
	}
	return s, err
}

func sightings(found []sighting) map[uuid.UUID]accompany.Person {
	people := make(map[uuid.UUID]accompany.Person, len(found))
	for _, s := range found {
		people[s.person] = accompany.Person{ID: s.person, Position: s.position, Shift: s.shift}
	}
	return people
}

// goodUntil is until when the watch has seen a task's lead there.
type goodUntil struct {
	Task uuid.UUID
	At   time.Time
}

const selectGood = `SELECT task_id, good FROM lead_watch WHERE task_id = ANY (the_tasks())`

func goodOf(found []goodUntil, task uuid.UUID) (at time.Time) {
	for _, g := range found {
		if g.Task == task {
			at = g.At
		}
	}
	return at
}
