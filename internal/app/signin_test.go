package app_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/demo"
)

func signingIn(number, password string, device uuid.UUID) object {
	return object{"person_number": number, "password": password, "device": device}
}

// Whatever is wrong with a sign-in, the answer is the same.
func TestEveryFailedSignInLooksTheSame(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	account, _ := demo.Cast().Find("310111")
	other, _ := demo.Cast().Find("310121")
	revoked := o.sign("310101")
	o.personnel().post("/v1/devices/"+revoked.device.String()+"/revoke", nil).want(200)
	gone := o.sign("FJ31021")
	o.personnel().ask("PUT", "/v1/people/"+gone.person.String()+"/status", object{"status": "separated", "reason": "辞职"}, nil).want(200)
	stranger := &hand{s: o.station}
	var first string
	for name, in := range map[string]object{
		"a wrong password":        signingIn(account.Number, "wrong", account.Device),
		"an unknown number":       signingIn("999999", account.Password, account.Device),
		"somebody else's device":  signingIn(account.Number, account.Password, other.Device),
		"no device of anybody":    signingIn(account.Number, account.Password, uuid.New()),
		"a revoked device":        signingIn("310101", account.Password, revoked.device),
		"somebody who was let go": signingIn("FJ31021", account.Password, gone.device),
	} {
		failed := stranger.post("/v1/sessions", in).want(401)
		if first == "" {
			first = failed.said()
		}
		if failed.said() != first || failed.text("code") != "sign_in_failed" {
			t.Errorf("%s: %s, others: %s", name, failed.said(), first)
		}
	}
}

// Guessing a password ends after ten tries of one number from one address, right ones too; others are not kept out.
func TestGuessingIsLimited(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	account, _ := demo.Cast().Find("310111")
	stranger := &hand{s: o.station}
	for range 10 {
		stranger.post("/v1/sessions", signingIn(account.Number, "wrong", account.Device)).want(401)
	}
	for _, password := range []string{"wrong", account.Password} {
		limited := stranger.post("/v1/sessions", signingIn(account.Number, password, account.Device)).want(429)
		if limited.header.Get("Retry-After") == "" || limited.text("code") != "too_many_requests" {
			t.Errorf("limited: %s %v", limited.raw, limited.header)
		}
	}
	o.sign("310121")
}

// A password that administration set lets its owner do nothing but set their own, which ends every other session.
func TestAResetPasswordIsChangedFirst(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	before := o.sign("310111")
	o.must(administration(o.store).ResetPassword(t.Context(), "310111", "临时密码-七棵黄桷树", true))
	before.get("/v1/me").want(401)
	stranger := &hand{s: o.station}
	enter := func(password string) *hand {
		in := stranger.post("/v1/sessions", signingIn("310111", password, before.device)).want(201)
		return &hand{s: o.station, token: in.text("token")}
	}
	h, elsewhere := enter("临时密码-七棵黄桷树"), enter("临时密码-七棵黄桷树")
	if limited := h.get("/v1/tasks").want(403); limited.text("code") != "password_change_required" {
		t.Errorf("%s", limited.raw)
	}
	change := func(current, next string) reply {
		return h.ask("PUT", "/v1/me/password", object{"current": current, "new": next}, nil)
	}
	for _, bad := range []struct{ current, next, field string }{
		{"wrong", "江岸-夜班-七棵黄桷树", "body/current"},
		{"临时密码-七棵黄桷树", "短", "body/new"},
		{"临时密码-七棵黄桷树", "临时密码-七棵黄桷树", "body/new"},
	} {
		if r := change(bad.current, bad.next).want(400); r.text("errors", 0, "field") != bad.field {
			t.Errorf("%s: %s", bad.next, r.raw)
		}
	}
	change("临时密码-七棵黄桷树", "江岸-夜班-七棵黄桷树").want(204)
	h.get("/v1/tasks").want(200)
	elsewhere.get("/v1/me").want(401)
	stranger.post("/v1/sessions", signingIn("310111", "临时密码-七棵黄桷树", before.device)).want(401)
	enter("江岸-夜班-七棵黄桷树").get("/v1/tasks").want(200)
}
