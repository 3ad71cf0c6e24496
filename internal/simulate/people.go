package simulate

import (
	"context"
	"fmt"
	"net/http"
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
type Staff struct{ Personnel, Legal, Approver, Viewer, Auditor Account }

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
	if len(known) < smallest {
		return nil, fmt.Errorf("a crew has %d people at the least", smallest)
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
		if i < smallest {
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
	p.person = person.ID
	return p.switchOn(ctx, who, got.JSON201.ID)
}

// hastens has the legal department shorten what the law measures in time, as simulated time is shorter: two people do that.
func (c *city) hastens(ctx context.Context) error {
	legal, err := c.desk(ctx, c.config.Staff.Legal)
	if err != nil {
		return err
	}
	approver, err := c.desk(ctx, c.config.Staff.Approver)
	if err != nil {
		return err
	}
	for _, m := range []struct {
		id            string
		usual, lowest int
	}{{"lead_fresh_s", 180, 10}, {"lead_word_s", 1800, 60}, {"lead_grace_s", 60, 1}} {
		value := max(m.lowest, int(float64(m.usual)/c.config.Speed))
		got, err := legal.api.ProposeChangeWithResponse(ctx, &api.ProposeChangeParams{IdempotencyKey: uuid.Must(uuid.NewV7())}, api.NewProposal{
			Memo: "模拟", Reason: "模拟时间快于真实时间", Policy: &api.PolicyChange{Measure: api.Measure(m.id), Value: &value},
		})
		if err != nil {
			return err
		}
		if got.JSON201 == nil {
			return refused("propose "+m.id, got)
		}
		done, err := approver.api.ApproveProposalWithResponse(ctx, got.JSON201.ID, &api.ApproveProposalParams{IdempotencyKey: uuid.Must(uuid.NewV7())})
		if err != nil {
			return err
		}
		if done.JSON200 == nil {
			return refused("approve "+m.id, done)
		}
	}
	return nil
}
