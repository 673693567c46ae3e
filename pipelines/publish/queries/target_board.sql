-- 规划目标：目标值、观测值、结论、理由 | Targets of the plan: target, observation, verdict, reason
-- area: 地区代码，缺省为全省 | division code, else the province
from marts.target_board(coalesce(getvariable('area'), (select h.home_province from reference.release as h)));
