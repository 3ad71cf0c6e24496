package simulate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// Account is somebody who can sign in.
type Account struct {
	Number, Password string
	Device           uuid.UUID // of an office; phones are issued anew
}

// Staff are the offices that a city needs beside its phones. They sign in as they do at a desk.
type Staff struct{ Head, Personnel, Legal, Approver, Viewer, Auditor Account }

// Recruit is somebody who was imported and cannot sign in yet.
type Recruit struct {
	Number, Password string
	Officer          bool
	Organ            string // code of the organ over which they get the role of their class
}

// Admin does what no public route does: it gives people a role and a first password.
type Admin interface {
	Enrol(ctx context.Context, recruits []Recruit) error
}

// desk is an office that has signed in.
type desk struct {
	api *api.ClientWithResponses
	me  api.Me
}

func (c *city) desk(ctx context.Context, who Account) (desk, error) {
	client := &http.Client{Transport: c.meter, Timeout: patience}
	stranger, err := api.NewClientWithResponses(c.config.Server, api.WithHTTPClient(client))
	if err != nil {
		return desk{}, err
	}
	in, err := stranger.SignInWithResponse(ctx, api.SignIn{PersonNumber: who.Number, Password: who.Password, Device: who.Device})
	if err != nil {
		return desk{}, err
	}
	if in.JSON201 == nil {
		return desk{}, refused(who.Number+" signs in (the server needs the demo's people)", in)
	}
	bearer := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+in.JSON201.Token)
		return nil
	}
	d := desk{}
	if d.api, err = api.NewClientWithResponses(c.config.Server, api.WithHTTPClient(client), api.WithRequestEditorFn(bearer)); err != nil {
		return desk{}, err
	}
	me, err := d.api.GetMeWithResponse(ctx)
	if err != nil {
		return desk{}, err
	}
	if me.JSON200 == nil {
		return desk{}, refused(who.Number, me)
	}
	d.me = *me.JSON200
	return d, nil
}

// opens has every office sign in.
func (c *city) opens(ctx context.Context) (err error) {
	for _, office := range []struct {
		who Account
		is  *desk
	}{{c.config.Staff.Personnel, &c.personnel}, {c.config.Staff.Viewer, &c.viewer}, {c.config.Staff.Auditor, &c.auditor}} {
		if *office.is, err = c.desk(ctx, office.who); err != nil {
			return err
		}
	}
	head, err := c.desk(ctx, c.config.Staff.Head)
	if err != nil {
		return err
	}
	c.head = &phone{city: c, number: c.config.Staff.Head.Number, person: head.me.Person.ID, api: head.api}
	c.evidence.Heads = []uuid.UUID{c.head.person}
	return nil
}

// find is the person with a number.
func (c *city) find(ctx context.Context, number string) (api.Person, error) {
	got, err := c.personnel.api.ListPeopleWithResponse(ctx, &api.ListPeopleParams{Q: &number})
	if err != nil {
		return api.Person{}, err
	}
	if got.JSON200 == nil {
		return api.Person{}, refused("people", got)
	}
	for _, p := range got.JSON200.People {
		if p.Number == number {
			return p, nil
		}
	}
	return api.Person{}, fmt.Errorf("%s is not on the roster", number)
}

// recruit imports people until there are as many as phones, and has them enrolled. The first are the crew of the demo.
func (c *city) recruit(ctx context.Context) (accounts []Account, err error) {
	known := c.config.Crew
	if len(known) < officers+2 {
		return nil, errors.New("a crew has two officers and two auxiliaries at the least")
	}
	officer, err := c.find(ctx, known[1].Number)
	if err != nil {
		return nil, err
	}
	auxiliary, err := c.find(ctx, known[2].Number)
	if err != nil {
		return nil, err
	}
	password := uuid.NewString()
	var recruits []Recruit
	var file strings.Builder
	file.WriteString("number,name,class,organ,training\n")
	today := time.Now().UTC()
	trained := fmt.Sprintf("%s/%s", today.AddDate(0, -1, 0).Format(time.DateOnly), today.AddDate(2, 0, 0).Format(time.DateOnly))
	for i := range c.config.Phones {
		if i < len(known) {
			accounts = append(accounts, known[i])
			continue
		}
		r := Recruit{Number: fmt.Sprintf("SIM%05d", i), Password: password, Officer: c.isOfficer(i), Organ: auxiliary.Organ.Code}
		if r.Officer {
			r.Organ = officer.Organ.Code
			fmt.Fprintf(&file, "%s,模拟民警%d,officer,%s,\n", r.Number, i, r.Organ)
		} else {
			fmt.Fprintf(&file, "%s,模拟辅警%d,field_auxiliary,%s,patrol=%s|response=%s\n", r.Number, i, r.Organ, trained, trained)
		}
		recruits, accounts = append(recruits, r), append(accounts, Account{Number: r.Number, Password: password})
	}
	if len(recruits) == 0 {
		return accounts, nil
	}
	if err := c.imports(ctx, file.String()); err != nil {
		return nil, err
	}
	return accounts, c.config.Admin.Enrol(ctx, recruits)
}

func (c *city) imports(ctx context.Context, file string) error {
	params := &api.StartImportParams{IdempotencyKey: uuid.Must(uuid.NewV7())}
	got, err := c.personnel.api.StartImportWithBodyWithResponse(ctx, params, "text/csv", strings.NewReader(file))
	if err != nil {
		return err
	}
	if got.JSON202 == nil {
		return refused("import", got)
	}
	for {
		if err := rest(ctx, 100*time.Millisecond); err != nil {
			return err
		}
		now, err := c.personnel.api.GetImportWithResponse(ctx, got.JSON202.ID)
		if err != nil {
			return err
		}
		switch {
		case now.JSON200 == nil:
			return refused("import", now)
		case now.JSON200.State == api.RosterImportStateDone:
			return nil
		case now.JSON200.EndedAt != nil:
			return fmt.Errorf("the import is %s: %.1000s", now.JSON200.State, now.GetBody())
		}
	}
}

// issues registers a new phone to somebody and switches it on.
func (c *city) issues(ctx context.Context, p *phone, who Account) error {
	person, err := c.find(ctx, who.Number)
	if err != nil {
		return err
	}
	got, err := c.personnel.api.RegisterDeviceWithResponse(ctx, person.ID, &api.RegisterDeviceParams{IdempotencyKey: uuid.Must(uuid.NewV7())},
		api.NewDevice{Name: "模拟手机 " + who.Number, Platform: api.PlatformAndroid})
	if err != nil {
		return err
	}
	if got.JSON201 == nil {
		return refused("a phone for "+who.Number, got)
	}
	p.person, p.account = person.ID, who
	return p.switchOn(ctx, who, got.JSON201.ID)
}

// hastens has the legal department shorten what the law measures in time, as simulated time is shorter: two people do that.
func (c *city) hastens(ctx context.Context, legal, approver desk) error {
	for _, m := range []struct {
		id            string
		usual, lowest int
	}{{"lead_fresh_s", 180, 10}, {"lead_word_s", 1800, 60}, {"lead_grace_s", 60, 1}, {"check_grace_s", 120, 10}} {
		value := max(m.lowest, int(float64(m.usual)/c.config.Speed))
		err := enacts(ctx, legal, approver, api.NewProposal{
			Memo: "模拟", Reason: "模拟时间快于真实时间", Policy: &api.PolicyChange{Measure: api.Measure(m.id), Value: &value},
		})
		if err != nil {
			return fmt.Errorf("%s: %w", m.id, err)
		}
	}
	return nil
}

// enacts has the law of an organ changed: one proposes, another approves.
func enacts(ctx context.Context, legal, approver desk, change api.NewProposal) error {
	got, err := legal.api.ProposeChangeWithResponse(ctx, &api.ProposeChangeParams{IdempotencyKey: uuid.Must(uuid.NewV7())}, change)
	if err != nil {
		return err
	}
	if got.JSON201 == nil {
		return refused("propose", got)
	}
	done, err := approver.api.ApproveProposalWithResponse(ctx, got.JSON201.ID, &api.ApproveProposalParams{IdempotencyKey: uuid.Must(uuid.NewV7())})
	if err != nil {
		return err
	}
	if done.JSON200 == nil {
		return refused("approve", done)
	}
	return nil
}

const (
	restraintList = "restraint_list" // the reading that says what restraint equipment an organ has
	strap         = "约束带"
)

// legislates makes the law ready: the equipment that is used is on the list of the station, and time is measured as the city lives it.
func (c *city) legislates(ctx context.Context) error {
	legal, err := c.desk(ctx, c.config.Staff.Legal)
	if err != nil {
		return err
	}
	approver, err := c.desk(ctx, c.config.Staff.Approver)
	if err != nil {
		return err
	}
	if err := c.lists(ctx, legal, approver); err != nil {
		return fmt.Errorf("the list of restraint equipment: %w", err)
	}
	if !c.config.Hasten {
		return nil
	}
	return c.hastens(ctx, legal, approver)
}

// lists puts the strap on the list, unless it is there.
func (c *city) lists(ctx context.Context, legal, approver desk) error {
	got, err := c.head.api.ListReadingsWithResponse(ctx, &api.ListReadingsParams{})
	if err != nil {
		return err
	}
	if got.JSON200 == nil {
		return refused("readings", got)
	}
	at := slices.IndexFunc(got.JSON200.Readings, func(r api.ReadingInForce) bool { return r.ID == restraintList })
	if at < 0 {
		return errors.New("the law has no such reading")
	}
	reading, path := got.JSON200.Readings[at], over(legal)
	items := strings.FieldsFunc(reading.Value, func(r rune) bool { return r == ',' })
	if slices.Contains(items, strap) {
		return nil
	}
	if reading.Set != nil {
		path = reading.Set.Organ.Path // the nearest organ that has a list decides
	}
	list := strings.Join(append(items, strap), ",")
	return enacts(ctx, legal, approver, api.NewProposal{
		Path: &path, Memo: "模拟", Reason: "公布约束性勤务装备清单", Reading: &api.ReadingChange{ID: restraintList, Value: &list},
	})
}
