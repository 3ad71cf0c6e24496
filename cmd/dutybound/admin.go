package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/roster"
)

// adminCommand writes the roster on the spot, with the rights of whoever may reach the database.
type adminCommand struct {
	Organ         organCommand         `cmd:"" help:"Make an organ."`
	Post          postCommand          `cmd:"" help:"Make or change a post and the items of the statute it covers."`
	Person        personCommand        `cmd:"" help:"Make a person."`
	Import        importCommand        `cmd:"" help:"Import a CSV file of people, all of them or nobody."`
	Status        statusCommand        `cmd:"" help:"Set a person's status (active, suspended, separated)."`
	Training      trainingCommand      `cmd:"" help:"Record a training that was passed (Art. 33)."`
	Qualification qualificationCommand `cmd:"" help:"Record a qualification (Art. 18)."`
	Equip         equipCommand         `cmd:"" help:"Record equipment issued to a person."`
	Grant         grantCommand         `cmd:"" help:"Grant a role over the subtree of an organ."`
	Withdraw      withdrawCommand      `cmd:"" help:"Withdraw a role."`
	Device        deviceCommand        `cmd:"" help:"Register a device for a person; prints its id."`
	RevokeDevice  revokeDeviceCommand  `cmd:"" help:"Revoke a device with all its sessions."`
	Password      passwordCommand      `cmd:"" help:"Set a person's password, read from standard input."`
}

// administer does one thing, and says what was done or in plain words why not.
func (f databaseFlags) administer(ctx context.Context, work func(*postgres.Store) (done string, err error)) error {
	return f.with(ctx, func(store *postgres.Store) error {
		done, err := work(store)
		if err != nil {
			return inWords(err)
		}
		fmt.Println(done)
		return nil
	})
}

// inWords tells what was wrong with an order; a failure of the program stays as it is.
func inWords(err error) error {
	var what *fault.Error
	if !errors.As(err, &what) || what.Kind == fault.Internal || what.Kind == fault.Unavailable {
		return err
	}
	if len(what.Fields) == 0 {
		return errors.New(strings.TrimRight(what.EN, ": ")) // what exists already is not always told
	}
	var wrong []error
	for _, f := range what.Fields {
		wrong = append(wrong, fmt.Errorf("%s: %s", path.Base(f.Field), f.Message))
	}
	return errors.Join(wrong...)
}

// enter writes one order. The database does not always tell what is there already; the order does.
func enter(ctx context.Context, f databaseFlags, order roster.Order, done string) error {
	return f.administer(ctx, func(store *postgres.Store) (string, error) {
		err := roster.NewAdmin(store).Enter(ctx, order)
		if fault.KindOf(err) == fault.Conflict {
			err = fmt.Errorf("%s exists already", done)
		}
		return done, err
	})
}

type organCommand struct {
	databaseFlags
	Code  string         `arg:"" help:"Code of the organ (12 digits; squads add a suffix)."`
	Name  string         `arg:"" help:"Its name."`
	Kind  duty.OrganKind `help:"bureau, district, station or squad." required:"" enum:"bureau,district,station,squad"`
	Above string         `help:"Code of the organ above; empty: this is the root."`
}

func (c organCommand) Run(ctx context.Context) error {
	return enter(ctx, c.databaseFlags, roster.Order{Organs: []roster.NewOrgan{{Code: c.Code, Name: c.Name, Kind: c.Kind, Above: c.Above}}},
		"organ "+c.Code)
}

type postCommand struct {
	databaseFlags
	Code  string   `arg:"" help:"Code of the post."`
	Name  string   `arg:"" help:"Its name."`
	Items []string `arg:"" help:"Items of the statute it covers, such as 'cq-2021 15(1)'."`
}

func (c postCommand) Run(ctx context.Context) error {
	if err := knownItems(c.Items); err != nil {
		return err
	}
	return enter(ctx, c.databaseFlags, roster.Order{Posts: []roster.Post{{Code: c.Code, Name: c.Name, Items: c.Items}}}, "post "+c.Code)
}

// knownItems refuses an item that permits nothing: a post of it would qualify nobody for anything, and nobody would notice.
func knownItems(items []string) error {
	book, known := law.Default(), map[string]bool{}
	for _, act := range book.Acts() {
		if item, ok := book.PermittingItem(act.Code); ok {
			known[item] = true
		}
	}
	for _, item := range items {
		if !known[item] {
			return fmt.Errorf("items: no item %q of the statute permits anything; written like %q", item, slices.Sorted(maps.Keys(known))[0])
		}
	}
	return nil
}

type personCommand struct {
	databaseFlags
	Number string     `arg:"" help:"Police or auxiliary number."`
	Name   string     `arg:"" help:"Name."`
	Class  duty.Class `help:"officer, field_auxiliary, civilian_auxiliary or other." required:"" enum:"officer,field_auxiliary,civilian_auxiliary,other"`
	Organ  string     `help:"Code of the organ." required:""`
}

func (c personCommand) Run(ctx context.Context) error {
	return enter(ctx, c.databaseFlags,
		roster.Order{People: []roster.NewPerson{{Number: c.Number, Name: c.Name, Class: c.Class, Organ: c.Organ}}}, "person "+c.Number)
}

type trainingCommand struct {
	databaseFlags
	Number       string `arg:"" help:"Person number."`
	Post         string `arg:"" help:"Code of the post."`
	PassedOn     day    `help:"Day it was passed." required:""`
	ValidTo      day    `help:"First day it is no longer valid."`
	RefresherDue day    `help:"Day from which a refresher is overdue."`
}

func (c trainingCommand) Run(ctx context.Context) error {
	t := duty.Training{Post: c.Post, PassedOn: c.PassedOn.Time, ValidTo: c.ValidTo.given(), RefresherDue: c.RefresherDue.given()}
	order := roster.Order{Holdings: []roster.Holdings{{Number: c.Number, Training: []duty.Training{t}}}}
	return c.administer(ctx, func(store *postgres.Store) (string, error) {
		err := roster.NewAdmin(store).Enter(ctx, order)
		if fault.KindOf(err) == fault.NotFound {
			err = fmt.Errorf("post: no post has the code %q", c.Post)
		}
		return "training of " + c.Number + " for " + c.Post, err
	})
}

// day is a day of the calendar that duty is done by: it begins at midnight in China, wherever the server stands.
type day struct{ time.Time }

func (d *day) UnmarshalText(text []byte) (err error) {
	d.Time, err = time.ParseInLocation(time.DateOnly, string(text), time.FixedZone("CST", 8*60*60))
	return err
}

func (d day) given() *time.Time {
	if d.IsZero() {
		return nil
	}
	return &d.Time
}

type qualificationCommand struct {
	databaseFlags
	Number  string `arg:"" help:"Person number."`
	Kind    string `arg:"" help:"car, motorcycle, boat, aircraft, robot or drone." enum:"car,motorcycle,boat,aircraft,robot,drone"`
	ValidTo day    `help:"First day it is no longer valid."`
}

func (c qualificationCommand) Run(ctx context.Context) error {
	q := duty.Qualification{Kind: c.Kind, ValidTo: c.ValidTo.given()}
	return enter(ctx, c.databaseFlags, roster.Order{Holdings: []roster.Holdings{{Number: c.Number, Qualifications: []duty.Qualification{q}}}},
		"qualification of "+c.Number+" for "+c.Kind)
}

type equipCommand struct {
	databaseFlags
	Number string             `arg:"" help:"Person number."`
	Item   string             `arg:"" help:"The organ's own name for the item."`
	Class  law.EquipmentClass `help:"ordinary, protective, restraint, police_instrument or weapon." required:""`
}

func (c equipCommand) Run(ctx context.Context) error {
	e := duty.Equipment{Class: c.Class, Item: c.Item}
	return enter(ctx, c.databaseFlags, roster.Order{Holdings: []roster.Holdings{{Number: c.Number, Equipment: []duty.Equipment{e}}}},
		c.Item+" issued to "+c.Number)
}

type grantFlags struct {
	databaseFlags
	Number string    `arg:"" help:"Person number."`
	Role   duty.Role `arg:"" help:"auxiliary, officer, station_head, legal, personnel, command_viewer or auditor."`
	Organ  string    `arg:"" help:"Code of the organ whose subtree it covers."`
}

func (f grantFlags) grant() []roster.NewGrant {
	return []roster.NewGrant{{Number: f.Number, Role: f.Role, Organ: f.Organ}}
}

type grantCommand struct{ grantFlags }

func (c grantCommand) Run(ctx context.Context) error {
	return enter(ctx, c.databaseFlags, roster.Order{Grants: c.grant()}, fmt.Sprintf("%s is %s over %s", c.Number, c.Role, c.Organ))
}

type withdrawCommand struct{ grantFlags }

func (c withdrawCommand) Run(ctx context.Context) error {
	return enter(ctx, c.databaseFlags, roster.Order{Withdrawn: c.grant()}, fmt.Sprintf("%s is no longer %s over %s", c.Number, c.Role, c.Organ))
}

// identities opens the identity service on the store; administration is not limited in its tries.
func identities(store *postgres.Store) *identity.Service {
	return identity.New(store, unlimited{}, time.Hour)
}

type unlimited struct{}

func (unlimited) Allow(context.Context, string, int, time.Duration) (bool, time.Duration) {
	return true, 0
}

type deviceCommand struct {
	databaseFlags
	Number   string            `arg:"" help:"Person number."`
	Name     string            `arg:"" help:"What the device is called."`
	Platform identity.Platform `help:"android, ios, harmonyos or web." required:"" enum:"android,ios,harmonyos,web"`
	ID       uuid.UUID         `help:"Its id; left out: a new one."`
}

func (c deviceCommand) Run(ctx context.Context) error {
	return c.administer(ctx, func(store *postgres.Store) (string, error) {
		device, err := identities(store).AddDevice(ctx, c.Number, identity.Device{ID: c.ID, Name: c.Name, Platform: c.Platform})
		return "device " + device.ID.String(), err
	})
}

type passwordCommand struct {
	databaseFlags
	Number string `arg:"" help:"Person number."`
	Keep   bool   `help:"The person need not change it at the first sign-in."`
}

func (c passwordCommand) Run(ctx context.Context) error {
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	password := strings.TrimRight(line, "\r\n")
	if password == "" {
		return errors.Join(errors.New("no password on standard input"), err)
	}
	return c.administer(ctx, func(store *postgres.Store) (string, error) {
		return "password of " + c.Number + " set; all sessions ended", identities(store).ResetPassword(ctx, c.Number, password, !c.Keep)
	})
}

// over is an actor of administration with authority over one person's organ, and nothing else.
func over(p duty.Person) duty.Actor {
	return duty.Actor{Number: "admin", Name: "admin", Organ: p.Organ, Grants: []duty.Grant{{Role: duty.RolePersonnel, Path: p.Organ.Path}}}
}

type statusCommand struct {
	databaseFlags
	Number string `arg:"" help:"Person number."`
	Status string `arg:"" help:"active, suspended or separated (Art. 37; ends all sessions)." enum:"active,suspended,separated"`
	Reason string `help:"Why." required:""`
}

func (c statusCommand) Run(ctx context.Context) error {
	var status law.Status
	if err := status.UnmarshalText([]byte(c.Status)); err != nil {
		return err
	}
	if strings.TrimSpace(c.Reason) == "" {
		return errors.New("--reason: needs words, they stay in the record")
	}
	return c.administer(ctx, func(store *postgres.Store) (string, error) {
		person, err := store.PersonByNumber(ctx, c.Number)
		if err != nil {
			return "", err
		}
		_, err = roster.New(store, slog.New(slog.DiscardHandler)).SetStatus(ctx, over(person), person.ID, status, c.Reason)
		return fmt.Sprintf("%s is %s", c.Number, c.Status), err
	})
}

type revokeDeviceCommand struct {
	databaseFlags
	Number string    `arg:"" help:"Person number."`
	Device uuid.UUID `arg:"" help:"Id of the device."`
}

func (c revokeDeviceCommand) Run(ctx context.Context) error {
	return c.administer(ctx, func(store *postgres.Store) (string, error) {
		person, err := store.PersonByNumber(ctx, c.Number)
		if err != nil {
			return "", err
		}
		owner := over(person) // as the owner, not as personnel: nobody else's device is meant
		owner.Person, owner.Grants = person.ID, []duty.Grant{{Role: duty.RoleAuxiliary, Path: person.Organ.Path}}
		_, err = identities(store).RevokeDevice(ctx, owner, c.Device)
		return fmt.Sprintf("device %s revoked with all its sessions", c.Device), err
	})
}
