// Package roster owns the people and organs that duty is done with: who belongs where, with what status, training, qualification
// and equipment. It does not know what they are doing.
package roster

import (
	"context"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Store is the roster as people with a session see it. What lies outside of the actor's sight (the subtrees in which the actor
// holds ReadRoster, and the actor) does not exist for it.
type Store interface {
	// Organs lists the organs in sight and those above them, in order of path.
	Organs(ctx context.Context, actor duty.Actor) ([]Organ, error)
	// People lists people in order of number.
	People(ctx context.Context, actor duty.Actor, filter Filter) ([]duty.Person, error)
	// Person finds one with everything the law may ask about; fault.NotFound when there is none in sight.
	Person(ctx context.Context, actor duty.Actor, id uuid.UUID) (duty.Person, error)
	// Profile is the actor's own entry.
	Profile(ctx context.Context, actor duty.Actor) (Profile, error)
	// Organ finds one that the actor reads the roster of; fault.NotFound when there is none in sight.
	Organ(ctx context.Context, actor duty.Actor, id uuid.UUID) (duty.Organ, error)
	Writer
	Imports
	Obligations
}

// Writer changes the roster.
type Writer interface {
	// Directory is everything that an entry of the actor's may refer to.
	Directory(ctx context.Context, actor duty.Actor) (Directory, error)
	// Change locks the people selected and the source, lets decide say what becomes of them, and writes that in the same
	// transaction, with At of the events from the database clock; or nothing when decide fails or leaves nothing.
	Change(ctx context.Context, actor duty.Actor, of Selection, decide func(Scene) (Changes, error)) error
}

// Imports keeps files of people while they are worked on.
type Imports interface {
	// AddImport keeps a file, or finds the import that has the id already.
	AddImport(ctx context.Context, actor duty.Actor, job ImportJob, content []byte) (ImportJob, error)
	// ImportJob is fault.NotFound when there is none.
	ImportJob(ctx context.Context, actor duty.Actor, id uuid.UUID) (ImportJob, error)
	// TakeImport takes the next file for a minute, with its actor as they are now; fault.NotFound when none waits. Whoever takes one
	// keeps it by telling how far they are; when they fall silent, another gets it.
	TakeImport(ctx context.Context) (ImportJob, duty.Actor, []byte, error)
	// TellImport says how far an import is. Nothing depends on its being heard.
	TellImport(ctx context.Context, id uuid.UUID, p Progress)
	// EndImport forgets the file and keeps the report, unless the import has ended already.
	EndImport(ctx context.Context, ended Ended) error
}

// Obligations are what the roster owes the law beside the people: quotas (Art. 7) and what leavers hand back (Art. 35).
type Obligations interface {
	Quotas(ctx context.Context, actor duty.Actor, within duty.Path) ([]Headcount, error)
	SetQuota(ctx context.Context, actor duty.Actor, q NewQuota, event ledger.Event) (Headcount, error)
	HandBack(ctx context.Context, actor duty.Actor, person uuid.UUID) ([]Owed, error)
	// Receive is fault.NotFound for what the person does not owe. What was handed back before is left as it is, without an event.
	Receive(ctx context.Context, actor duty.Actor, person, thing uuid.UUID, event ledger.Event) (Owed, error)
}

// Register is the roster as it is written by administration, which sees everything.
type Register interface {
	// OrganByCode and PersonByNumber are fault.NotFound when there is none.
	OrganByCode(ctx context.Context, code string) (duty.Organ, error)
	PersonByNumber(ctx context.Context, number string) (duty.Person, error)
	// Roots are the organs under no other.
	Roots(ctx context.Context) ([]duty.Organ, error)
	// Enter writes all entries in one transaction or nothing. Organs and people that exist are refused with fault.Conflict; posts,
	// training, qualifications and equipment replace what was entered for the same key; grants may exist already; one to be
	// withdrawn that is not held is fault.NotFound.
	Enter(ctx context.Context, entries Entries) error
}

// Organ is an organ with its place under another.
type Organ struct {
	duty.Organ
	Parent *uuid.UUID // nil: the root
}

// Profile is what a person sees about themselves.
type Profile struct {
	Person    duty.Person
	Device    string // name of the device of the session
	OpenTasks int    // that the person is part of
}

// Filter narrows a list of people; the zero value lists everybody in sight.
type Filter struct {
	Organ duty.Path  // subtree; empty: everywhere in sight
	Class duty.Class // empty: any
	Text  string     // part of a name or the beginning of a number; taken literally
	After string     // keyset: numbers after this one
	Limit int        // the service asks for one more than the page, to see whether there is a next one
}

// Entries are what administration writes, every id and path filled in by the service.
type Entries struct {
	Organs         []Organ
	Posts          []Post
	People         []duty.Person // with Organ.ID and Organ.Path; their training and the like stand in the lists below
	Training       []HeldTraining
	Qualifications []HeldQualification
	Equipment      []HeldEquipment
	Grants         []HeldGrant
	Withdrawn      []HeldGrant
}

// Post is a kind of work that people are trained for (Art. 33), with the items of the statute it covers ("cq-2021 15(1)").
type Post struct {
	Code  string
	Name  string
	Items []string
}

// HeldTraining is a person's training. Items are those of the post and not entered here.
type HeldTraining struct {
	Person uuid.UUID
	duty.Training
}

// HeldQualification is a person's licence (Art. 18).
type HeldQualification struct {
	Person uuid.UUID
	duty.Qualification
}

// HeldEquipment is something issued to a person.
type HeldEquipment struct {
	Person uuid.UUID
	duty.Equipment
}

// HeldGrant is a role that a person holds over the subtree of an organ.
type HeldGrant struct {
	Person uuid.UUID
	Role   duty.Role
	Organ  duty.Organ
}
