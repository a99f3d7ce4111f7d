"""Every refusal in words: what happened, why, and what to do next."""

from dataclasses import dataclass
from http import HTTPStatus

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from attribution import errors as refused
from tokens import errors as malformed
from tokens.errors import Reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What somebody who was refused is told."""

    status: HTTPStatus
    title: LazyString
    why: LazyString
    todo: LazyString


# One row for each error of attribution/ and tokens/; a test compares the families.
ANSWERS: dict[type[Exception], Answer] = {
    refused.TokenUnknown: Answer(
        status=HTTPStatus.NOT_FOUND,
        title=_l("推荐码不能使用"),
        why=_l("没有可以使用的这个推荐码：可能输错，也可能已经用过、过期或撤回。"),
        todo=_l(
            "请对照经纪人手机上的推荐码重新输入；仍然不行，请经纪人重新发码，或登记自然到访。"
        ),
    ),
    refused.WrongProject: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("报备项目和案场项目不一致"),
        why=_l("这张推荐码是为另一个案场发的，没有被使用。"),
        todo=_l("请让客户到推荐码上写的案场；要看本项目，请经纪人为本项目重新发码。"),
    ),
    refused.TokenRevoked: Answer(
        status=HTTPStatus.GONE,
        title=_l("推荐码已撤回"),
        why=_l("经纪人在核销之前撤回了这张推荐码。"),
        todo=_l("请经纪人重新发码，或登记自然到访。"),
    ),
    refused.TokenExpired: Answer(
        status=HTTPStatus.GONE,
        title=_l("推荐码已过期"),
        why=_l("推荐码过了有效期，到期的那一刻起就不能核销。"),
        todo=_l("请经纪人重新发码；客户已经在场的，先登记自然到访，让客户不用等。"),
    ),
    refused.TokenUsed: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("推荐码已使用"),
        why=_l("一张推荐码只能登记一次到访，这一次已经登记过了。"),
        todo=_l(
            "请先查今天的到访记录：也许同事刚刚登记过。客户再次来访，请经纪人重新发码。"
        ),
    ),
    refused.TokenReserved: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("另一台电脑正在核对这张推荐码"),
        why=_l("同一张推荐码两分钟内只能由一个前台核对。"),
        todo=_l("请问一下旁边的同事；两分钟后可以再扫一次。"),
    ),
    refused.BindingMismatch: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("客户与推荐码不符"),
        why=_l("推荐码绑定的是另一位客户；推荐码没有被使用。"),
        todo=_l(
            "请核对客户的号码；确实不是同一人的，请登记自然到访，或由经纪人为这位客户发码。"
        ),
    ),
    refused.LeadTimeTooShort: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("不满足提前报备时间"),
        why=_l("规则要求报备之后过一段时间才能到访，这次不够。"),
        todo=_l("到访照常登记，但这次报备可能不算；认为有误，请联系案场核对。"),
    ),
    refused.ProgrammeNotInForce: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("该渠道在本项目没有有效的合作"),
        why=_l("此刻没有生效的合作约定，所以不能发码或计佣。"),
        todo=_l("请渠道负责人联系项目方，确认合作的起止日期。"),
    ),
    refused.AgentSuspended: Answer(
        status=HTTPStatus.FORBIDDEN,
        title=_l("经纪人已被停用"),
        why=_l("停用期间不能发新的推荐码；以前发的，以停用前的到访为准。"),
        todo=_l("请联系渠道负责人。"),
    ),
    refused.QuotaExceeded: Answer(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        title=_l("推荐码数量到上限"),
        why=_l("今天发的或还有效的推荐码已经到了约定的上限。"),
        todo=_l("请撤回不用的推荐码，或等到明天。"),
    ),
    refused.BindingRequired: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("需要填写客户号码"),
        why=_l("这个合作要求推荐码绑定到客户，不能发不记名的码。"),
        todo=_l("请填写客户的手机号码；号码只用来算标签，不会保存。"),
    ),
    refused.GroupOwner: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("集团老业主"),
        why=_l("客户是集团其他项目的业主，按规则不计渠道报备。"),
        todo=_l("请按老业主政策接待；认为有误，请联系案场核对。"),
    ),
    refused.ProjectOwner: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("本项目老业主"),
        why=_l("客户已经是本项目的业主，按规则不计渠道报备。"),
        todo=_l("请按老业主政策接待；认为有误，请联系案场核对。"),
    ),
    refused.KnownClient: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("项目老客户"),
        why=_l("客户此前自己来过，那次到访仍在保护期内。"),
        todo=_l("可以等那次到访的保护期过后再报备；认为有误，请联系案场核对。"),
    ),
    refused.Protected: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("处于保护期内"),
        why=_l("另一渠道的保护期还没有过，现在报备不算数。"),
        todo=_l("请等保护期过后再报备；对方渠道的名称不便透露。"),
    ),
    refused.VisitedByOther: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("已被其他渠道带看"),
        why=_l("其他渠道已经带这位客户来过。"),
        todo=_l("请等对方的保护期过后再报备；认为有误，请联系案场核对。"),
    ),
    refused.ReportedByOther: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("已被其他渠道报备"),
        why=_l("其他渠道对这位客户的报备还有效。"),
        todo=_l("请等对方的报备过期后再报备。"),
    ),
    refused.ReportedByYou: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("已被您报备"),
        why=_l("您给这位客户发的另一张推荐码还有效；这次又发了一张。"),
        todo=_l("给客户用一张就够；不用的那张，请在“我的推荐码”里撤回。"),
    ),
    refused.VisitOverdue: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("到访逾期"),
        why=_l("客户没有在报备有效期内到访。"),
        todo=_l("请重新报备，再请客户到访。"),
    ),
    refused.DealOverdue: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("成交逾期"),
        why=_l("客户没有在保护期内签约。"),
        todo=_l("认为日期有误，请把签约日期的凭证交给案场核对。"),
    ),
    refused.RequestIdReused: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("同一请求编号，内容却不同"),
        why=_l("这个编号已经用在另一个请求上；为了不重复办理，没有执行。"),
        todo=_l("请打开一张新的表单重新填写；接口请换一个新的 Idempotency-Key。"),
    ),
    refused.NotFound: Answer(
        status=HTTPStatus.NOT_FOUND,
        title=_l("没有找到"),
        why=_l("没有这一项，或者您无权知道它是否存在。"),
        todo=_l("请检查地址或编号；从首页重新进入也可以。"),
    ),
    refused.NotAllowed: Answer(
        status=HTTPStatus.FORBIDDEN,
        title=_l("您没有这个权限"),
        why=_l("这一页属于别的岗位，或者别的案场、别的渠道。"),
        todo=_l("需要的话，请管理员给您加上角色；也可能您登录了另一个账号。"),
    ),
    refused.RateLimited: Answer(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        title=_l("尝试太多，请稍等"),
        why=_l("短时间内错误太多。为了防止有人猜码、猜密码，需要等一会儿。"),
        todo=_l("请等够写明的时间再试；不用重启，也不用换电脑。"),
    ),
    refused.InputInvalid: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("有一处填写不对"),
        why=_l("下面写明了是哪一处、为什么。什么都没有保存。"),
        todo=_l("请返回上一页改正后再提交。"),
    ),
    refused.RulebookInvalid: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("判客规则文件有误"),
        why=_l("规则没有保存；出错的位置写在下面。"),
        todo=_l("请改正后重新提交；已经生效的版本不能改，只能加新版本。"),
    ),
    refused.CaseMalformed: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("案例文件有误"),
        why=_l("案例没有判；出错的位置写在下面。"),
        todo=_l("请改正后再运行一次。"),
    ),
    refused.BundleUnreadable: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("证据包读不懂"),
        why=_l("文件不是一个完整的证据包；出错的位置写在下面。"),
        todo=_l("请向给您文件的人要原样的文件，不要解压后再压缩。"),
    ),
    refused.PlanInvalid: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("佣金方案有误"),
        why=_l("方案没有保存；出错的位置写在下面。"),
        todo=_l("请改正后重新提交。"),
    ),
    refused.DatabaseUnsuitable: Answer(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        title=_l("数据库不合要求"),
        why=_l("设置里的数据库不能保证已登记的内容不丢失。"),
        todo=_l("请管理员检查 HEFU_DATABASE_URL。"),
    ),
    refused.SignInNeeded: Answer(
        status=HTTPStatus.UNAUTHORIZED,
        title=_l("请先登录"),
        why=_l("这一页只给已登录的人看；您可能还没登录，或者登录已经过期。"),
        todo=_l("请登录后再打开。接口请带上 Authorization: Bearer。"),
    ),
    refused.SignInRefused: Answer(
        status=HTTPStatus.FORBIDDEN,
        title=_l("登录没有成功"),
        why=_l("账号、密码或验证码不对。为了安全，不说明是哪一个。"),
        todo=_l("请检查大小写后再试；忘了密码，请管理员发一个新的邀请链接。"),
    ),
    refused.InvitationInvalid: Answer(
        status=HTTPStatus.NOT_FOUND,
        title=_l("邀请链接不能使用"),
        why=_l("邀请链接只能用一次，72 小时内有效；这一个不存在、已用过或已过期。"),
        todo=_l("请管理员或渠道负责人重新发一个邀请。"),
    ),
    refused.PairingInvalid: Answer(
        status=HTTPStatus.NOT_FOUND,
        title=_l("配对码不能使用"),
        why=_l("配对码是六位数字，十分钟内有效，只能用一次。"),
        todo=_l("请管理员重新生成一个配对码。"),
    ),
    refused.PasswordTooWeak: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("密码太容易猜"),
        why=_l("密码要 10 到 200 个字符，并且不能只重复两三个字符。"),
        todo=_l("请换一个长一点的，例如四个不相干的词。"),
    ),
    refused.SecondFactorInvalid: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("验证码不对"),
        why=_l("六位数字与刚才的二维码不符，或者已经用过。"),
        todo=_l("请核对手机时间是否准确，等下一组数字出来再试。"),
    ),
    refused.LoginTaken: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("这个登录名已经有人用"),
        why=_l("登录名不能重复。"),
        todo=_l("请换一个登录名。"),
    ),
    refused.CrossSiteRefused: Answer(
        status=HTTPStatus.FORBIDDEN,
        title=_l("来自别的网站，已拒绝"),
        why=_l("这个操作不是从本系统的页面发出的，可能有人想借您的名义操作。"),
        todo=_l("请从本系统的页面重新操作；常常发生的话，请告诉管理员。"),
    ),
    refused.StatementNotSpreadsheet: Answer(
        status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        title=_l("这不是可以读的表格"),
        why=_l(
            "只接受 .xlsx 和 .csv；带密码、带宏、带外部链接的文件为安全起见不打开。"
        ),
        todo=_l("请在 Excel 里“另存为”普通的 .xlsx，再上传一次。"),
    ),
    refused.StatementTooLarge: Answer(
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        title=_l("表格太大"),
        why=_l("读取它需要的空间超过了安全上限。"),
        todo=_l("请删掉无关的工作表，或按月份拆成几个文件上传。"),
    ),
    refused.StatementUnreadable: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("表格里有一处看不懂"),
        why=_l("是哪一格、应当是什么，写在下面。什么都没有保存。"),
        todo=_l("请改正那一格再上传。"),
    ),
    refused.HeaderNotFound: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("找不到表头"),
        why=_l("没有一张工作表同时有“房号”一列和“金额”一列。"),
        todo=_l("请检查表头的写法，例如“房号”和“佣金金额”，再上传。"),
    ),
    refused.StatementEmpty: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("对账单里没有申报"),
        why=_l("找到了表头，下面却没有一行申报。什么都没有保存。"),
        todo=_l("请检查是不是传错了文件，或者内容在隐藏的工作表里，再上传。"),
    ),
    refused.StatementKnown: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("这份对账单上传过"),
        why=_l(
            "同样的申报以前核对过，或者同一个文件传给过另一个渠道。什么都没有保存。"
        ),
        todo=_l("请先看以前的结果；确实要再核对一次，请确认后重新上传（again）。"),
    ),
    refused.EncodingUnknown: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("文字编码看不懂"),
        why=_l("CSV 文件既不是 UTF-8，也不是 GB18030。"),
        todo=_l("请在 Excel 里另存为 .xlsx 或“CSV UTF-8”，再上传。"),
    ),
    refused.AlreadyRuled: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("这笔签约已经判过"),
        why=_l("一笔签约只有一个有效的判客结果，不会再判一次。"),
        todo=_l("请打开已有的判客结果，看每一条理由。"),
    ),
    refused.CodeRequired: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("需要出示推荐码"),
        why=_l("这个合作约定不能只凭号码确认报备，必须核销推荐码。"),
        todo=_l("请经纪人把推荐码发给客户；拿不到的，登记自然到访。"),
    ),
    refused.UnitSold: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("这套房已经签过"),
        why=_l("这套房有一笔没有取消的签约，不能再登记一笔。"),
        todo=_l("请核对房号；确实换了客户，先把原来那笔登记为退房。"),
    ),
    refused.DealCancelled: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("这笔成交已经取消"),
        why=_l("取消之后，不能再登记付款、交房等进展。"),
        todo=_l("请核对签约编号；重新成交的，登记一笔新的签约。"),
    ),
    refused.AlreadyStated: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("已经回答过了"),
        why=_l("关于这次到访，您已经回答过一次；回答是存证，不能再改。"),
        todo=_l("说错了，请带上回执找案场前台；签约以后也可以提出争议。"),
    ),
    refused.DisputeWindowOver: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("已过申诉期"),
        why=_l("判定之后的申诉期已经过了，到期的那一刻起就不能再提。"),
        todo=_l("以现在的判定为准；认为期限算错了，请联系案场渠道管理。"),
    ),
    refused.DisputeExists: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("对这次判定已经提过争议"),
        why=_l("每一方对同一次判定只能提一次争议，撤回的也算。"),
        todo=_l("请打开已有的争议，在那里补充证据。"),
    ),
    refused.DisputeStepRefused: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("这一步现在不能办"),
        why=_l("这件争议不在这一步上：可能别人刚刚办过，也可能已经了结。"),
        todo=_l("请刷新案件，看它现在到了哪一步。"),
    ),
    refused.DisputeStale: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("建议已经过时"),
        why=_l("提出建议之后，另一件争议改了这笔签约的判定。"),
        todo=_l("请退回听证，重新提出建议，再作决定。"),
    ),
    refused.AdjudicatorAtDesk: Answer(
        status=HTTPStatus.FORBIDDEN,
        title=_l("您经手过这件事，需要回避"),
        why=_l("登记过其中的到访、签约或进展的人，不能裁决这件争议。"),
        todo=_l("请由另一位判客员办理。"),
    ),
    refused.AdjudicatorOnSide: Answer(
        status=HTTPStatus.FORBIDDEN,
        title=_l("您属于其中一方，需要回避"),
        why=_l("提出争议、替一方举证，或在有主张的渠道任职的人，不能裁决。"),
        todo=_l("请由另一位判客员办理。"),
    ),
    refused.SecondPersonNeeded: Answer(
        status=HTTPStatus.FORBIDDEN,
        title=_l("需要另一个人复核"),
        why=_l("作出决定的人不能复核自己的决定，也不能自己退回。"),
        todo=_l("请由另一位判客员复核。"),
    ),
    refused.EvidenceNotAccepted: Answer(
        status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        title=_l("证据只收文字和 PDF"),
        why=_l("文件的内容既不是 UTF-8 文字，也不是 PDF；照片和录音不收。"),
        todo=_l("请另存为 PDF，或把内容写成文字再交。"),
    ),
    refused.EvidenceTooLarge: Answer(
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        title=_l("证据文件太大"),
        why=_l("每份证据最大 5 MB。"),
        todo=_l("请压缩，或拆成几份再交。"),
    ),
    refused.EvidenceFull: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("证据份数到上限"),
        why=_l("每一方在一件争议里最多交 10 份证据。"),
        todo=_l("请把要补充的内容写在一份文字里，交给案场转判客员。"),
    ),
    malformed.CodeMalformed: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("这不是一个推荐码"),
        why=_l("推荐码是 11 个字母和数字，形如 7K2MQ-X4V9T-3；最后一位用来发现输错。"),
        todo=_l("请对照经纪人手机上的码再输一次；字母 O 和数字 0 不用区分。"),
    ),
    malformed.ScanMalformed: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("扫到的内容看不懂"),
        why=_l("输入框里既不是推荐码，也不是推荐码的二维码。"),
        todo=_l("请清空输入框，只扫一次；还不行就手工输入推荐码。"),
    ),
    malformed.TokenMalformed: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("二维码内容不完整"),
        why=_l("二维码里的内容不是一张完整的推荐码。"),
        todo=_l("请再扫一次；还不行就手工输入推荐码。"),
    ),
    malformed.TokenForged: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("二维码不是本系统签发的"),
        why=_l("签名对不上：二维码被改过，或者来自别的系统。"),
        todo=_l("请经纪人从“我的推荐码”重新打开二维码；反复出现，请告诉主管。"),
    ),
    malformed.IdentifierInvalid: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("号码不对"),
        why=_l("手机号或证件号不符合它的编号规则，多半是输错了一位。"),
        todo=_l("请对照证件重新输入；证件种类也请核对。"),
    ),
    malformed.TagElementInvalid: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("身份标签的数据不对"),
        why=_l("浏览器算出的数据不是有效的曲线点。"),
        todo=_l("请刷新页面再试；仍然不行，请换一个浏览器。"),
    ),
    malformed.TagProofInvalid: Answer(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        title=_l("身份标签没有通过核对"),
        why=_l("标签不是用公开登记的密钥算出的，所以没有采用。"),
        todo=_l("请再试一次；再次出现，请立即告诉管理员。"),
    ),
    refused.LogBehind: Answer(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        title=_l("日志停止签名：数据库比已签的日志旧"),
        why=_l(
            "数据库里的记录少于已经签名公布的日志，可能恢复了旧备份。事实照常保存，等待编号。"
        ),
        todo=_l("请管理员查明原因，再执行 hefu log resume 并写明理由。"),
    ),
    refused.LogForked: Answer(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        title=_l("日志停止签名：与已签的日志不一致"),
        why=_l(
            "数据库里的记录推不出已经签名公布的根：有人改过数据，或者另有人持有密钥。"
        ),
        todo=_l("请保留现场，执行 hefu log verify 找出改动；查明后由管理员恢复。"),
    ),
    refused.LogKeyForeign: Answer(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        title=_l("日志停止签名：手里的密钥不是日志现用的"),
        why=_l(
            "日志现用的密钥文件不见了：剩下的是已经停用的，或者是没有人认得的新密钥。事实照常保存，等待编号。"
        ),
        todo=_l(
            "请管理员把最新的密钥文件放回去；换到一半的，再执行一次 "
            "hefu keys rotate log；没有副本，就执行 hefu log resume 并写明理由。"
        ),
    ),
    refused.LogUnbroken: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("日志没有中断"),
        why=_l("数据库与已签的日志一致，没有什么需要恢复。"),
        todo=_l("无需操作；要更换密钥，请用 hefu keys rotate log。"),
    ),
    refused.ProofPending: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("回执还在生成"),
        why=_l("记录已经保存，正等待编入日志。"),
        todo=_l("请等一分钟再取。"),
    ),
    refused.WitnessUnknown: Answer(
        status=HTTPStatus.FORBIDDEN,
        title=_l("没有登记过的见证人"),
        why=_l("检查点上没有任何一位已登记见证人的签名。"),
        todo=_l("请先把见证人的公钥交给管理员登记。"),
    ),
    malformed.LogProofInvalid: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("存证证明不成立"),
        why=_l("证明推不到日志公布的根。"),
        todo=_l("请重新下载回执再核对；仍不成立，请保留文件并联系审计。"),
    ),
    malformed.CheckpointMalformed: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("日志检查点看不懂"),
        why=_l("内容不是签名的日志检查点。"),
        todo=_l("请重新下载检查点。"),
    ),
    malformed.ReceiptMalformed: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("回执看不懂"),
        why=_l("内容不是一张完整的存证回执。"),
        todo=_l("请重新下载回执文件，不要改动其中任何一个字符。"),
    ),
    malformed.KeyCompromised: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("签名密钥曾经泄露"),
        why=_l("检查点由一把曾被他人持有的密钥签署，在那之前没有见证人见过它。"),
        todo=_l("请重新下载回执：它会以新密钥签署。"),
    ),
    malformed.QuorumMissing: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("见证人不够"),
        why=_l("要求的见证人还没有全部见过这个检查点。"),
        todo=_l("请稍后重新下载回执。"),
    ),
    malformed.OfferMalformed: Answer(
        status=HTTPStatus.BAD_REQUEST,
        title=_l("见证请求看不懂"),
        why=_l("内容不符合见证协议的格式，或者新的树比旧的还小。"),
        todo=_l("请按 C2SP tlog-witness 的格式重新提交。"),
    ),
    malformed.WitnessConflict: Answer(
        status=HTTPStatus.CONFLICT,
        title=_l("见证人见过的不是这一棵树"),
        why=_l("见证人上次见到的大小或内容与请求所说的不同。"),
        todo=_l("请用见证人回答的大小重新提交；大小相同而内容不同，就是分叉的证据。"),
    ),
    malformed.PromiseMalformed: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("存证承诺看不懂"),
        why=_l("内容不是一张存证承诺。"),
        todo=_l("请重新下载承诺文件。"),
    ),
    malformed.SignatureInvalid: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("签名无效"),
        why=_l("没有应当签名的密钥的有效签名。"),
        todo=_l("请从原处重新获取文件；不要使用这一份。"),
    ),
    malformed.CborMalformed: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("数据格式不对"),
        why=_l("内容不是约定的唯一编码形式。"),
        todo=_l("请再扫一次，或重新生成。"),
    ),
}

# What HTTP itself refuses, before any view is asked.
HTTP_ANSWERS: dict[HTTPStatus, Answer] = {
    HTTPStatus.BAD_REQUEST: Answer(
        status=HTTPStatus.BAD_REQUEST,
        title=_l("请求看不懂"),
        why=_l("缺少应填的内容，或者格式不对。"),
        todo=_l("请返回上一页检查后再提交；接口请对照 OpenAPI 文档。"),
    ),
    HTTPStatus.NOT_FOUND: Answer(
        status=HTTPStatus.NOT_FOUND,
        title=_l("没有这个页面"),
        why=_l("地址可能输错，或者页面已经搬走。"),
        todo=_l("请从首页重新进入。"),
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: Answer(
        status=HTTPStatus.METHOD_NOT_ALLOWED,
        title=_l("这个地址不能这样用"),
        why=_l("请求的方法不对，例如用打开代替了提交。"),
        todo=_l("请从页面上的按钮操作。"),
    ),
    HTTPStatus.REQUEST_TIMEOUT: Answer(
        status=HTTPStatus.REQUEST_TIMEOUT,
        title=_l("等得太久"),
        why=_l("内容没有在限定时间内传完。"),
        todo=_l("请检查网络后再试。"),
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Answer(
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        title=_l("内容太大"),
        why=_l("对账单最大 20 MB，其他内容最大 512 KB。"),
        todo=_l("请缩小或拆开后再提交。"),
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Answer(
        status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        title=_l("这种格式不接受"),
        why=_l("请求的内容类型不对。"),
        todo=_l("接口请发送 application/json。"),
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: Answer(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        title=_l("有一处填写不对"),
        why=_l("下面写明了是哪一处、为什么。什么都没有保存。"),
        todo=_l("请返回上一页改正后再提交。"),
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: Answer(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        title=_l("系统出了问题"),
        why=_l("这是我们的错，不是您的。已经完整记录下来，没有办完的事不会留下一半。"),
        todo=_l("请再试一次；还不行，请告诉管理员出错的时间。"),
    ),
}

# The detail of a malformed code, scan or number.
REASONS: dict[str, LazyString] = {
    Reason.BIRTHDAY: _l("号码里的出生日期不存在。"),
    Reason.CHARACTERS: _l("有不该出现的字符。"),
    Reason.CHECK_DIGIT: _l("校验位不对，多半输错了一位。"),
    Reason.CHECK_SYMBOL: _l("最后一位对不上，多半输错了一位。"),
    Reason.EMPTY: _l("没有内容，请先填写。"),
    Reason.GLUED: _l("两次扫描连在一起了。"),
    Reason.KIND: _l("不认识这种证件。"),
    Reason.LENGTH: _l("位数不对，请数一数。"),
    Reason.MASK: _l("打码的形式不对。"),
    Reason.MASKED: _l("打了码的号码不够，要完整的号码。"),
    Reason.PREFIX: _l(
        "号码的开头不对。手机号要中国大陆的；护照前面写国家，例如 CHN:E12345678。"
    ),
    Reason.SYMBOL: _l("有推荐码里不会出现的字符。"),
    Reason.UNREADABLE: _l("看不懂。"),
}
