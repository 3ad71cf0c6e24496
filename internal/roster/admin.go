package roster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// Admin writes the roster for the administration of a server: from its command line and for the demo. Things are named by their
// codes and numbers there, and may be entered together with what they need.
type Admin struct {
	register Register
	newID    func() uuid.UUID
}

// NewAdmin makes the administration of a register.
func NewAdmin(register Register) *Admin {
	return &Admin{register: register, newID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }}
}

// Order is what is to be entered, all of it or nothing. Later lists may name what earlier ones make.
type Order struct {
	Organs    []NewOrgan
	Posts     []Post
	People    []NewPerson
	Holdings  []Holdings
	Grants    []NewGrant
	Withdrawn []NewGrant
}

// NewOrgan is an organ under another; Above is empty for the root.
type NewOrgan struct {
	Code  string
	Name  string
	Kind  duty.OrganKind
	Above string
}

// NewPerson is a person of the organ with a code. A status that nobody names is active.
type NewPerson struct {
	Number string
	Name   string
	Class  duty.Class
	Organ  string
	Status law.Status
}

// Holdings is what a person is trained for, may operate and carries. What is given replaces what was there for the same post, kind
// or item.
type Holdings struct {
	Number         string
	Training       []duty.Training // Items are those of the post
	Qualifications []duty.Qualification
	Equipment      []duty.Equipment
}

// NewGrant is a role over the subtree of an organ.
type NewGrant struct {
	Number string
	Role   duty.Role
	Organ  string
}

// Enter enters an order. Unknown codes, numbers and words are fault.Invalid, and name the place in the order.
func (a *Admin) Enter(ctx context.Context, order Order) error {
	e := entering{Admin: a, organs: map[string]duty.Organ{}, people: map[string]uuid.UUID{}}
	for _, step := range []func(context.Context, Order) error{e.addOrgans, e.addPeople, e.addHoldings, e.addGrants} {
		if err := step(ctx, order); err != nil {
			return err
		}
	}
	e.out.Posts = order.Posts
	return a.register.Enter(ctx, e.out)
}

// entering is an order being worked out: codes and numbers are becoming ids and paths.
type entering struct {
	*Admin
	organs map[string]duty.Organ
	people map[string]uuid.UUID
	out    Entries
}

func (e *entering) addOrgans(ctx context.Context, order Order) error {
	for i, o := range order.Organs {
		at := fmt.Sprintf("organs/%d", i)
		if !slices.Contains(rank, o.Kind) {
			return fault.BadField(at+"/kind", fmt.Sprintf("unknown kind %q", o.Kind))
		}
		if o.Code == "" || o.Name == "" {
			return fault.BadField(at, "needs a code and a name")
		}
		organ := Organ{Organ: duty.Organ{ID: e.newID(), Code: o.Code, Name: o.Name, Kind: o.Kind, Path: duty.Path(o.Code + "/")}}
		if err := e.place(ctx, at+"/above", &organ, o.Above); err != nil {
			return err
		}
		e.organs[o.Code] = organ.Organ
		e.out.Organs = append(e.out.Organs, organ)
	}
	return nil
}

// rank orders the levels of the tree: an organ stands under one of a higher level.
var rank = []duty.OrganKind{duty.Bureau, duty.District, duty.Station, duty.Squad}

// place puts an organ under the one with a code. Without one it is the root, of which there is only one.
func (e *entering) place(ctx context.Context, field string, organ *Organ, code string) error {
	if code == "" {
		return e.onlyRoot(ctx, field)
	}
	above, err := e.organ(ctx, field, code)
	if err != nil {
		return err
	}
	if slices.Index(rank, above.Kind) >= slices.Index(rank, organ.Kind) {
		return fault.BadField(field, fmt.Sprintf("no %s stands under a %s", organ.Kind, above.Kind))
	}
	organ.Parent, organ.Path = &above.ID, above.Path+organ.Path
	return nil
}

func (e *entering) onlyRoot(ctx context.Context, field string) error {
	roots, err := e.register.Roots(ctx)
	if err != nil {
		return err
	}
	for _, entered := range e.out.Organs {
		if entered.Parent == nil {
			roots = append(roots, entered.Organ)
		}
	}
	if len(roots) > 0 {
		return fault.BadField(field, fmt.Sprintf("is needed: the root is %s already", roots[0].Code))
	}
	return nil
}

func (e *entering) addPeople(ctx context.Context, order Order) error {
	for i, p := range order.People {
		at := fmt.Sprintf("people/%d", i)
		if !slices.Contains([]duty.Class{duty.Officer, duty.FieldAuxiliary, duty.CivilianAuxiliary, duty.Other}, p.Class) {
			return fault.BadField(at+"/class", fmt.Sprintf("unknown class %q", p.Class))
		}
		if p.Number == "" || p.Name == "" {
			return fault.BadField(at, "needs a number and a name")
		}
		if utf8.RuneCountInString(p.Number) > maxNumber {
			return fault.BadField(at+"/number", fmt.Sprintf("has more than %d characters: nobody could sign in with it", maxNumber))
		}
		organ, err := e.organ(ctx, at+"/organ", p.Organ)
		if err != nil {
			return err
		}
		person := duty.Person{ID: e.newID(), Number: p.Number, Name: p.Name, Class: p.Class, Organ: organ, Status: cmp.Or(p.Status, law.StatusActive)}
		e.people[p.Number] = person.ID
		e.out.People = append(e.out.People, person)
	}
	return nil
}

func (e *entering) addHoldings(ctx context.Context, order Order) error {
	for i, h := range order.Holdings {
		person, err := e.person(ctx, fmt.Sprintf("holdings/%d/number", i), h.Number)
		if err != nil {
			return err
		}
		for _, t := range h.Training {
			if t.ValidTo != nil && !t.ValidTo.After(t.PassedOn) {
				return fault.BadField(fmt.Sprintf("holdings/%d/training", i), "ends before it was passed")
			}
			e.out.Training = append(e.out.Training, HeldTraining{person, t})
		}
		for _, q := range h.Qualifications {
			e.out.Qualifications = append(e.out.Qualifications, HeldQualification{person, q})
		}
		for _, q := range h.Equipment {
			e.out.Equipment = append(e.out.Equipment, HeldEquipment{person, q})
		}
	}
	return nil
}

func (e *entering) addGrants(ctx context.Context, order Order) (err error) {
	if e.out.Grants, err = e.grants(ctx, "grants", order.Grants); err != nil {
		return err
	}
	e.out.Withdrawn, err = e.grants(ctx, "withdrawn", order.Withdrawn)
	return err
}

func (e *entering) grants(ctx context.Context, list string, grants []NewGrant) (held []HeldGrant, err error) {
	for i, g := range grants {
		at := fmt.Sprintf("%s/%d", list, i)
		if !slices.Contains(duty.Roles, g.Role) {
			return nil, fault.BadField(at+"/role", fmt.Sprintf("unknown role %q", g.Role))
		}
		person, err := e.person(ctx, at+"/number", g.Number)
		if err != nil {
			return nil, err
		}
		organ, err := e.organ(ctx, at+"/organ", g.Organ)
		if err != nil {
			return nil, err
		}
		held = append(held, HeldGrant{Person: person, Role: g.Role, Organ: organ})
	}
	return held, nil
}

func (e *entering) organ(ctx context.Context, field, code string) (duty.Organ, error) {
	if organ, known := e.organs[code]; known {
		return organ, nil
	}
	organ, err := e.register.OrganByCode(ctx, code)
	if fault.KindOf(err) == fault.NotFound {
		return organ, fault.BadField(field, fmt.Sprintf("no organ has the code %q", code))
	}
	if err == nil {
		e.organs[code] = organ
	}
	return organ, err
}

func (e *entering) person(ctx context.Context, field, number string) (uuid.UUID, error) {
	if id, known := e.people[number]; known {
		return id, nil
	}
	person, err := e.register.PersonByNumber(ctx, number)
	if fault.KindOf(err) == fault.NotFound {
		return uuid.Nil, fault.BadField(field, fmt.Sprintf("nobody has the number %q", number))
	}
	if err == nil {
		e.people[number] = person.ID
	}
	return person.ID, err
}
