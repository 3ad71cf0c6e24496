package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
)

// statuses says with which status each kind of failure is answered. This is the only place where that is decided.
var statuses = map[fault.Kind]int{
	fault.Internal:        fiber.StatusInternalServerError,
	fault.Invalid:         fiber.StatusBadRequest,
	fault.Unauthenticated: fiber.StatusUnauthorized,
	fault.Forbidden:       fiber.StatusForbidden,
	fault.NotFound:        fiber.StatusNotFound,
	fault.Conflict:        fiber.StatusConflict,
	fault.Running:         fiber.StatusConflict,
	fault.Mismatch:        fiber.StatusUnprocessableEntity,
	fault.TooMany:         fiber.StatusTooManyRequests,
	fault.Unavailable:     fiber.StatusServiceUnavailable,
}

var (
	errInternal = fault.New(fault.Internal, "internal", "服务器内部错误", "an error inside the server")
	errTimeout  = fault.New(fault.Unavailable, "timeout", "处理超时，请用同一编号重试", "it took too long; try again with the same id")
)

// fiberFaults puts what Fiber itself refuses into the same words.
var fiberFaults = map[int]*fault.Error{
	fiber.StatusBadRequest:                  fault.New(fault.Invalid, "invalid_request", "请求内容有误", "the request is not valid"),
	fiber.StatusNotFound:                    fault.New(fault.NotFound, "no_such_route", "未找到该接口", "there is no such route"),
	fiber.StatusMethodNotAllowed:            fault.New(fault.Invalid, "method_not_allowed", "该接口不支持此方法", "the route does not take this method"),
	fiber.StatusRequestTimeout:              fault.New(fault.Invalid, "request_timeout", "请求接收超时", "the request took too long to arrive"),
	fiber.StatusRequestEntityTooLarge:       fault.New(fault.Invalid, "too_large", "请求内容过大", "the request is too large"),
	fiber.StatusUnsupportedMediaType:        fault.New(fault.Invalid, "unsupported_media_type", "请求内容须为 application/json", "the body must be application/json"),
	fiber.StatusRequestHeaderFieldsTooLarge: fault.New(fault.Invalid, "headers_too_large", "请求头过大", "the headers are too large"),
}

// refusal is the law's no to a command, as an error on its way to the problem document.
type refusal struct{ answer dispatch.Answer }

func (r refusal) Error() string { return "refused by law: " + r.answer.Ruling.Ruling.Outcome.String() }

// problemOf says what an error is to whoever asked: its status and its words. Nothing of our own failures is shown.
func problemOf(err error) (int, *fault.Error) {
	var known *fault.Error
	var fromFiber *fiber.Error
	var refused refusal
	switch {
	case errors.As(err, &refused):
		return fiber.StatusUnprocessableEntity, fault.New(fault.Mismatch, "refused_by_law", "依法不予执行", "the law refuses")
	case errors.As(err, &known):
		return statuses[known.Kind], known
	case errors.As(err, &fromFiber) && fiberFaults[fromFiber.Code] != nil:
		return fromFiber.Code, fiberFaults[fromFiber.Code]
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return statuses[fault.Unavailable], errTimeout
	default:
		return statuses[fault.Internal], errInternal
	}
}

// renderProblem answers with a problem document (RFC 9457). It is Fiber's error handler as well, for what never reached a route.
func renderProblem(c *fiber.Ctx, err error) error {
	status, what := problemOf(err)
	zh := prefersChinese(c.Get(fiber.HeaderAcceptLanguage))
	p := problemDocument(status, what, zh, requestID(c))
	var refused refusal
	if errors.As(err, &refused) {
		p.Ruling = rulingOf(refused.answer.Ruling)
		p.Detail = optional(decisive(refused.answer.Ruling.Ruling, zh))
		if beside := refused.answer.Beside; beside != nil {
			p.Officers = convert(beside.Called, calledOfficerOf)
		}
		setReplayed(c, refused.answer.Replay)
	}
	setProblemHeaders(c, err, what.Kind, zh)
	body, encoding := json.Marshal(p)
	if encoding != nil {
		return encoding
	}
	c.Set(fiber.HeaderContentType, "application/problem+json")
	return c.Status(status).Send(body)
}

func problemDocument(status int, what *fault.Error, zh bool, request string) api.Problem {
	p := api.Problem{
		Type: "urn:dutybound:problem:" + what.Code, Title: choose(zh, law.Text{ZH: what.ZH, EN: what.EN}), Status: status, Code: what.Code,
		RequestID: request,
	}
	for _, f := range what.Fields {
		p.Errors = append(p.Errors, api.FieldError{Field: f.Field, Message: fieldMessage(f.Message, zh)})
	}
	return p
}

func setProblemHeaders(c *fiber.Ctx, err error, kind fault.Kind, zh bool) {
	c.Set(fiber.HeaderContentLanguage, choose(zh, law.Text{ZH: "zh-CN", EN: "en"}))
	c.Vary(fiber.HeaderAcceptLanguage)
	var wait identity.Wait
	var challenge identity.Challenge
	switch {
	case errors.As(err, &challenge):
		c.Set(fiber.HeaderWWWAuthenticate, challenge.Header())
		c.Set(nonceHeader, challenge.Nonce)
	case errors.As(err, &wait):
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(max(1, time.Duration(wait).Seconds())))))
	case kind == fault.Unavailable || kind == fault.Running || kind == fault.TooMany:
		c.Set(fiber.HeaderRetryAfter, "1")
	case kind == fault.Unauthenticated:
		c.Set(fiber.HeaderWWWAuthenticate, `Bearer, DPoP algs="ES256"`)
	}
}

// decisive puts the reasons that decided a ruling into one line.
func decisive(r law.Ruling, zh bool) string {
	var lines []string
	for _, reason := range r.Reasons {
		if reason.Verdict == r.Outcome {
			lines = append(lines, fmt.Sprintf("%s (%s)", choose(zh, reason.Message), reason.Citation))
		}
	}
	return strings.Join(lines, choose(zh, law.Text{ZH: "；", EN: "; "}))
}

func choose(zh bool, text law.Text) string {
	if zh {
		return text.ZH
	}
	return text.EN
}

// prefersChinese reads Accept-Language: English for those who ask for it before Chinese, Chinese for everybody else.
func prefersChinese(header string) bool {
	best, zh := 0.0, true
	for item := range strings.SplitSeq(header, ",") {
		tag, parameters, _ := strings.Cut(strings.TrimSpace(item), ";")
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if q := quality(parameters); q > best && (primary == "zh" || primary == "en") {
			best, zh = q, primary == "zh"
		}
	}
	return zh
}

func quality(parameters string) float64 {
	text, given := strings.CutPrefix(strings.TrimSpace(parameters), "q=")
	if !given {
		return 1
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return q
}
