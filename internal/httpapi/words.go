package httpapi

import "regexp"

// The contract and the rooms say in English what is wrong with a field; here it is said in Chinese. What has no line stays as it is.
var fieldWords = []fieldWord{
	say(`is required`, "必填"),
	say(`is needed`, "必填"),
	say(`is unknown`, "未知的字段"),
	say(`is given more than once`, "重复给出"),
	say(`is there twice`, "重复"),
	say(`named twice`, "重复指定"),
	say(`is not UTF-8`, "不是 UTF-8 编码"),
	say(`is not a query string`, "不是有效的查询串"),
	say(`is not expected here`, "此处不应有内容"),
	say(`must not contain the character U\+0000`, "不得含有字符 U+0000"),
	say(`holds a character that cannot be stored`, "含有无法保存的字符"),
	say(`must be one of (.*)`, "须为下列之一：$1"),
	say(`("[^"]*") must be one of (.*)`, "$1 须为下列之一：$2"),
	say(`must match (.*)`, "须符合格式 $1"),
	say(`(?:string doesn't match the format "[^"]*": )?must be a UUID`, "须为 UUID"),
	say(`(?:string doesn't match the format "[^"]*": )?must be a time with its offset, like (.*)`, "须为带时区的时间，例如 $1"),
	say(`doesn't match any schema from .*`, "形式不符"),
	say(`no handshake`, "不是 websocket 握手"),
	say(`must be later than from`, "须晚于起始时间"),
	say(`must not be in the future`, "不得晚于现在"),
	say(`minimum string length is (\d+)`, "至少 $1 个字符"),
	say(`maximum string length is (\d+)`, "至多 $1 个字符"),
	say(`minimum number of items is (\d+)`, "至少 $1 项"),
	say(`maximum number of items is (\d+)`, "至多 $1 项"),
	say(`there must be at most (\d+) properties`, "至多 $1 个字段"),
	say(`needs (\d+) to (\d+) entries, has (\d+)`, "须有 $1 至 $2 项，现有 $3 项"),
	say(`needs (\d+) to (\d+) characters`, "须有 $1 至 $2 个字符"),
	say(`number must be at least (\S+)`, "不得小于 $1"),
	say(`number must be at most (\S+)`, "不得大于 $1"),
	say(`value must be an? (\w+)`, "类型须为 $1"),
	say(`Value is not nullable`, "不得为空"),
	say(`duplicate items found`, "有重复的项"),
	say(`unknown act ?(.*)`, "未知的事项 $1"),
	say(`act (".*") twice`, "事项 $1 重复"),
	say(`unknown reading.*`, "没有这一理解开关"),
	say(`this reading cannot be switched.*`, "该理解开关不得变更"),
	say(`unknown option (".*"), want one of (.*)`, "没有选项 $1，可选：$2"),
	say(`no such person`, "没有这名人员"),
	say(`no organ has this code`, "没有此代码的机关"),
	say(`is on the task already`, "已在该任务中"),
	say(`is not a member of the task`, "不是该任务的成员"),
	say(`is a people's police officer; officers go into officers`, "是人民警察，应列入 officers"),
	say(`is no people's police officer \(Art\. 16\)`, "不是人民警察（第十六条）"),
	say(`is not the current password`, "不是现用密码"),
	say(`must differ from the current password`, "须与现用密码不同"),
	say(`is for what somebody else said`, "仅用于转报他人的应答"),
	say(`a position needs its datum: (.*)`, "位置须注明坐标系：$1"),
}

type fieldWord struct {
	english *regexp.Regexp
	chinese string
}

func say(english, chinese string) fieldWord {
	return fieldWord{regexp.MustCompile(`^(?:` + english + `)$`), chinese}
}

// fieldMessage is what is wrong with a field, in the language asked for.
func fieldMessage(message string, zh bool) string {
	if !zh {
		return message
	}
	for _, w := range fieldWords {
		if w.english.MatchString(message) {
			return w.english.ReplaceAllString(message, w.chinese)
		}
	}
	return message
}
