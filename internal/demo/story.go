package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Run plays a morning at the demo station through the API at baseURL and tells it on out. It fails at the first answer that is not
// what the law should say, so it is an end-to-end test as well. It can be run again and again on one database.
func Run(ctx context.Context, baseURL string, accounts Accounts, lang Language, out io.Writer) error {
	s := &story{
		ctx: ctx, baseURL: strings.TrimSuffix(baseURL, "/"), accounts: accounts,
		http: &http.Client{Timeout: patience}, phones: map[string]*phone{}, issued: map[string]uuid.UUID{}, tell: &teller{out: out, lang: lang},
	}
	s.play()
	s.leave()
	return s.err
}

// play goes from scene to scene until one does not go as it should.
func (s *story) play() {
	s.tell.opening(s.baseURL)
	for _, scene := range []func(){
		s.signIn, s.patrol, s.stop, s.accident, s.incident, s.led, s.restraint, s.reassigned, s.deadZone, s.record, s.offDuty, s.ending,
	} {
		if scene(); s.err != nil {
			return
		}
	}
}

const patience = 20 * time.Second // for one answer, or for the wall to show it

// story is a morning being told. After the first difference (err) nothing more happens.
type story struct {
	ctx      context.Context
	baseURL  string
	accounts Accounts
	http     *http.Client
	phones   map[string]*phone
	issued   map[string]uuid.UUID // new phones, with keys
	wall     *wall
	tell     *teller
	acts     map[string]text // names of the acts, as the law has them
	asked    int             // rulings that came out as they should
	stopped  uuid.UUID       // the task of the stop, for the record
	err      error
}

func (s *story) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// enter signs somebody in on their own phone.
func (s *story) enter(number string) {
	if s.err != nil {
		return
	}
	account, ok := s.accounts.Find(number)
	if !ok {
		s.fail("no demo account %s", number)
		return
	}
	device, issued := s.issued[number]
	if issued {
		account.Device = device
	}
	p, err := signIn(s.ctx, s.baseURL, s.http, account, issued)
	if err == nil {
		err = p.reachable(s.ctx)
	}
	if errors.Is(err, errUnknown) {
		s.fail(s.tell.lang.of(text{
			"%s 没有演示派出所（%s 登录被拒）：只有程序自带的私有数据库，并且首次启动时为空，才会装入（make run）",
			"%s has no demo station (the sign-in of %s is refused): only the program's own private database gets one, while it is empty (make run)",
		}), s.baseURL, number)
		return
	}
	if err != nil {
		s.fail("%s %s signs in: %w", number, account.Name, err)
		return
	}
	s.phones[number] = p
	s.tell.does(account.Name, text{account.Part + "，" + number, account.PartEN + ", " + number})
}

// light opens the command centre's wall.
func (s *story) light() {
	if s.err != nil {
		return
	}
	ticket, err := s.phones[viewer].ticket(s.ctx)
	if err == nil {
		s.wall, err = openWall(s.ctx, s.baseURL, ticket)
	}
	if err != nil {
		s.fail("the command centre's wall: %w", err)
		return
	}
	s.tell.aside(text{"指挥中心大屏接通（▷ 为大屏所见）", "The command centre's wall is on (▷ is what it shows)"})
}

// read fetches the catalogue of acts, for their names.
func (s *story) read() {
	if s.err != nil {
		return
	}
	acts, err := s.phones[dispatcher].acts(s.ctx)
	if err != nil {
		s.fail("the catalogue of acts: %w", err)
	}
	s.acts = acts
}

// leave checks out whoever the story checked in, signs everybody out and turns the wall off.
func (s *story) leave() {
	if s.wall != nil {
		s.wall.close()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), patience)
	defer cancel()
	for number, p := range s.phones {
		if err := p.checkOut(ctx); err != nil {
			s.fail("%s checks out: %w", number, err)
		}
		if err := p.signOut(ctx); err != nil {
			s.fail("%s signs out: %w", number, err)
		}
	}
}
