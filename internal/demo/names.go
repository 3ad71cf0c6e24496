package demo

import (
	"math/rand/v2"
	"strings"
)

// Common surnames and given names, combined at random from a fixed seed: whoever is called so in life is not meant.
var (
	surnames = strings.Fields(`
		陈 李 王 张 刘 杨 周 黄 罗 吴 唐 何 谭 冉 向 田 蒋 邓 彭 曾 袁 冯 程 廖 秦 余 熊 谢 胡 徐 邹 赖 龚 廉 贺 付 陶 易 游 石 牟 文 杜 万 汪 卢 夏 丁 任 雷`)
	givenNames = strings.Fields(`
		建国 志强 明远 海波 永康 德胜 文斌 家伟 俊杰 浩然 子轩 宇航 立新 长江 小川 晓峰 国栋 天宇 思源 成林 正阳 景行 立波 开山 云飞 少华 启航 光明 玉山
		秀兰 桂芳 晓燕 雪梅 丽娟 雨晴 欣怡 静雯 慧敏 婷婷 春燕 红梅 佳琪 若兰 诗语 晓琳 思琪 梦瑶 海燕 文静 敏 静 芳 娟 艳 霞 莉 玲 倩 洁
		伟 磊 勇 军 杰 涛 超 斌 鹏 辉 刚 健 林 峰 凯 亮 平`)
)

// namer invents names, each at most once, the same ones in the same order for ever.
type namer struct {
	rand *rand.Rand
	used map[string]bool
}

func newNamer() *namer {
	return &namer{rand: rand.New(rand.NewPCG(500103, 2021)), used: map[string]bool{}}
}

func (n *namer) next() string {
	for {
		name := surnames[n.rand.IntN(len(surnames))] + givenNames[n.rand.IntN(len(givenNames))]
		if !n.used[name] {
			n.used[name] = true
			return name
		}
	}
}
